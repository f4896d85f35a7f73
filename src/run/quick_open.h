#pragma once

#include "os/notified_call.h"
#include "os/unique_fd.h"
#include "run/gate.h"
#include "run/hand_over.h"
#include "run/resolver.h"
#include "run/system_tree.h"

namespace ambit::run {

/// Answers most of what programs open: a file or directory that is there to be read, or is not
/// there, on a way without links, or among the system's programs. Every doubt is left to the
/// broker, which looks again from the start. Nothing allocates.
class QuickOpen {
 public:
  /// `gate` is borrowed. `shared_host`: see Broker::Options.
  QuickOpen(Gate& gate, bool shared_host);

  /// False when the broker has to answer; `pipe` is a named pipe then which may be read, open:
  /// somebody may have written to it since.
  bool Answer(int listener, const os::NotifiedCall& call, DescriptorHandOver& hand_over,
              os::UniqueFd& pipe);

 private:
  int Look(const os::NotifiedCall& call, os::UniqueFd& out);
  bool MayHave(int fd);

  Gate& gate_;
  const bool shared_host_;
  const SystemTree system_;
  char path_[PATH_MAX];
  PathBuffer found_;
};

}  // namespace ambit::run
