#include "run/hand_over.h"

#include "os/file_calls.h"
#include "os/hand_over.h"
#include "os/process_calls.h"

namespace ambit::run {
namespace {

int Pass(int listener, const os::NotifiedCall& call, int fd, HoldChoice* hold) {
  const bool close_on_exec = os::WantsCloseOnExec(call.flags);
  if (hold == nullptr) return os::AnswerDescriptor(listener, call.id, fd, close_on_exec);
  if (hold->Holds()) {
    return os::AnswerDescriptorHere(listener, call.id, call.thread, fd, close_on_exec);
  }
  const std::uint64_t before = os::NowMicroseconds();
  const int r = os::AnswerDescriptor(listener, call.id, fd, close_on_exec);
  hold->Took(os::NowMicroseconds() - before);
  return r;
}

}  // namespace

void HandDescriptor(int listener, const os::NotifiedCall& call, int fd, HoldChoice* hold) {
  int r = os::RestoreWaiting(fd, call.flags);
  if (r >= 0) r = Pass(listener, call, fd, hold);
  // For example the caller has as many descriptors as it may.
  if (r < 0) os::AnswerError(listener, call.id, -r);
}

bool HoldChoice::Holds() {
  if (left_ == 0) return false;
  --left_;
  return true;
}

void HoldChoice::Took(std::uint64_t microseconds) {
  if (microseconds >= kSlowUs) left_ = kHeldInARow;
}

}  // namespace ambit::run
