#pragma once

#include <cstddef>

#include "base/room.h"
#include "os/notified_call.h"

namespace ambit::run {

/// Calls that would have to wait for another process. They wait here, so that nobody else has to
/// wait for them, and are decided anew from the start, again and again. Nothing allocates.
class WaitingCalls {
 public:
  /// -EAGAIN: too many wait already.
  int Add(const os::NotifiedCall& call);
  [[nodiscard]] bool empty() const { return count_ == 0; }
  [[nodiscard]] std::size_t count() const { return count_; }
  /// Takes the one that waits longest out.
  os::NotifiedCall Take();

  /// Whether a call that was taken out is over: its caller has gone, or a signal waits for it,
  /// which it has been told then.
  static bool IsOver(int listener, const os::NotifiedCall& call);

 private:
  static constexpr std::size_t kMost = 256;
  Room<os::NotifiedCall, kMost> waiting_;
  std::size_t first_ = 0;
  std::size_t count_ = 0;
};

}  // namespace ambit::run
