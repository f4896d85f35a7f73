#include "run/hand_over.h"

#include "os/file_calls.h"
#include "os/hand_over.h"

namespace ambit::run {

void HandDescriptor(int listener, const os::NotifiedCall& call, int fd, bool wakes_here) {
  const bool close_on_exec = os::WantsCloseOnExec(call.flags);
  int r = os::RestoreWaiting(fd, call.flags);
  if (r >= 0) {
    r = wakes_here ? os::AnswerDescriptorHere(listener, call.id, call.thread, fd, close_on_exec)
                   : os::AnswerDescriptor(listener, call.id, fd, close_on_exec);
  }
  // For example the caller has as many descriptors as it may.
  if (r < 0) os::AnswerError(listener, call.id, -r);
}

bool HoldChoice::Holds(int thread) {
  const int processor = os::CurrentProcessor();
  if (left_ == 0 && thread == last_thread_ && processor != last_processor_) left_ = kHeldInARow;
  last_thread_ = thread;
  last_processor_ = processor;
  if (left_ == 0) return false;
  --left_;
  return true;
}

}  // namespace ambit::run
