#include "run/waiting_calls.h"

#include <cerrno>

#include "os/file_calls.h"

namespace ambit::run {

int WaitingCalls::Add(const os::NotifiedCall& call) {
  if (count_ == kMost) return -EAGAIN;
  waiting_.Make((first_ + count_++) % kMost, call);
  return 0;
}

os::NotifiedCall WaitingCalls::Take() {
  const os::NotifiedCall call = waiting_[first_];
  first_ = (first_ + 1) % kMost;
  --count_;
  return call;
}

bool WaitingCalls::IsOver(int listener, const os::NotifiedCall& call) {
  if (!os::IsWaiting(listener, call.id)) return true;
  // No handler runs while the call waits for us.
  if (os::HasSignal(call.thread) != 1) return false;
  os::AnswerInterrupted(listener, call.id);
  return true;
}

}  // namespace ambit::run
