#include "run/waiting_pipes.h"

#include <cerrno>
#include <utility>

#include "os/file_calls.h"
#include "run/hand_over.h"

namespace ambit::run {

int WaitingPipes::Add(const os::NotifiedCall& call, os::UniqueFd fd, bool writing) {
  if (count_ == kMost) return -EAGAIN;
  waiting_.Make(count_++, call, writing, std::move(fd));
  return 0;
}

bool WaitingPipes::IsDone(int listener, Waiting& one) {
  if (!os::IsWaiting(listener, one.call.id)) return true;
  // No handler runs while the call waits for us.
  if (os::HasSignal(one.call.thread) == 1) {
    os::AnswerInterrupted(listener, one.call.id);
    return true;
  }
  if (!one.writing) {
    const int writer = os::HasWriter(one.fd.get());
    if (writer == 0) return false;
    if (writer < 0) {
      os::AnswerError(listener, one.call.id, -writer);
    } else {
      HandDescriptor(listener, one.call, one.fd.get(), nullptr);
    }
    return true;
  }
  const os::UniqueFd opened(os::Reopen(one.fd.get(), os::WithoutCreation(one.call.flags)));
  if (opened.get() == -ENXIO) return false;
  if (opened.valid()) {
    HandDescriptor(listener, one.call, opened.get(), nullptr);
  } else {
    os::AnswerError(listener, one.call.id, -opened.get());
  }
  return true;
}

void WaitingPipes::Retry(int listener) {
  for (std::size_t i = 0; i < count_;) {
    if (!IsDone(listener, waiting_[i])) {
      ++i;
      continue;
    }
    waiting_[i] = std::move(waiting_[--count_]);
    waiting_.End(count_);
  }
}

}  // namespace ambit::run
