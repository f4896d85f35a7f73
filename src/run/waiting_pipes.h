#pragma once

#include <cstddef>

#include "base/room.h"
#include "os/notified_call.h"
#include "os/unique_fd.h"

namespace ambit::run {

/// Opens of named pipes whose other end is not open yet. They wait here, so that nobody else has to
/// wait for them. Nothing allocates.
class WaitingPipes {
 public:
  /// `fd` is the reading end, opened without waiting, or (`writing`) an O_PATH descriptor. -EAGAIN:
  /// too many wait already.
  int Add(const os::NotifiedCall& call, os::UniqueFd fd, bool writing);
  [[nodiscard]] bool empty() const { return count_ == 0; }
  /// Answers those whose time has come and forgets those whose caller has gone.
  void Retry(int listener);

 private:
  struct Waiting {
    os::NotifiedCall call;
    bool writing;
    os::UniqueFd fd;
  };
  static bool IsDone(int listener, Waiting& one);

  static constexpr std::size_t kMost = 256;
  Room<Waiting, kMost> waiting_;
  std::size_t count_ = 0;
};

}  // namespace ambit::run
