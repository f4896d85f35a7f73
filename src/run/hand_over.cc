#include "run/hand_over.h"

#include "os/file_calls.h"
#include "os/process_calls.h"

namespace ambit::run {

void DescriptorHandOver::SetMayHold(bool may) {
  may_hold_ = may;
  if (!may && stays_) LetGo();
}

void DescriptorHandOver::LetGo() {
  here_.Leave();
  stays_ = false;
}

int DescriptorHandOver::Pass(int listener, const os::NotifiedCall& call, int fd) {
  const bool holds = may_hold_ && choice_.Holds();
  if (holds && !stays_) {
    stays_ = here_.Stay();
    if (!stays_) choice_.NeverAgain();
  } else if (!holds && stays_) {
    LetGo();
  }
  const bool close_on_exec = os::WantsCloseOnExec(call.flags);
  const std::uint64_t before = os::NowMicroseconds();
  const int r = stays_ ? os::AnswerDescriptorHere(listener, call.id, call.thread, fd, close_on_exec)
                       : os::AnswerDescriptor(listener, call.id, fd, close_on_exec);
  choice_.Took(os::NowMicroseconds() - before);
  return r;
}

void HandDescriptor(int listener, const os::NotifiedCall& call, int fd,
                    DescriptorHandOver* hand_over) {
  int r = os::RestoreWaiting(fd, call.flags);
  if (r >= 0) {
    r = hand_over != nullptr
            ? hand_over->Pass(listener, call, fd)
            : os::AnswerDescriptor(listener, call.id, fd, os::WantsCloseOnExec(call.flags));
  }
  // For example the caller has as many descriptors as it may.
  if (r < 0) os::AnswerError(listener, call.id, -r);
}

void HoldChoice::Took(std::uint64_t microseconds) {
  if (left_ == 0) {
    if (microseconds >= kSlowUs) left_ = held_in_a_row_;
    return;
  }
  left_ = microseconds >= kDisturbedUs ? 0 : left_ - 1;
}

}  // namespace ambit::run
