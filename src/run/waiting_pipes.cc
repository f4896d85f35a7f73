#include "run/waiting_pipes.h"

#include <cerrno>
#include <utility>

#include "os/file_calls.h"

namespace ambit::run {

void HandDescriptor(int listener, std::uint64_t id, int fd, std::uint32_t flags) {
  int r = os::RestoreWaiting(fd, flags);
  if (r >= 0) r = os::AnswerDescriptor(listener, id, fd, os::WantsCloseOnExec(flags));
  // For example the caller has as many descriptors as it may.
  if (r < 0) os::AnswerError(listener, id, -r);
}

int WaitingPipes::Add(const os::NotifiedCall& call, os::UniqueFd fd, bool writing) {
  if (count_ == kMost) return -EAGAIN;
  Waiting& one = waiting_[count_++];
  one.id = call.id;
  one.thread = call.thread;
  one.flags = call.flags;
  one.writing = writing;
  one.fd = std::move(fd);
  return 0;
}

bool WaitingPipes::IsDone(int listener, Waiting& one) {
  if (!os::IsWaiting(listener, one.id)) return true;
  // No handler runs while the call waits for us.
  if (os::HasSignal(one.thread) == 1) {
    os::AnswerInterrupted(listener, one.id);
    return true;
  }
  if (!one.writing) {
    const int writer = os::HasWriter(one.fd.get());
    if (writer == 0) return false;
    if (writer < 0) {
      os::AnswerError(listener, one.id, -writer);
    } else {
      HandDescriptor(listener, one.id, one.fd.get(), one.flags);
    }
    return true;
  }
  const os::UniqueFd opened(os::Reopen(one.fd.get(), os::WithoutCreation(one.flags)));
  if (opened.get() == -ENXIO) return false;
  if (opened.valid()) {
    HandDescriptor(listener, one.id, opened.get(), one.flags);
  } else {
    os::AnswerError(listener, one.id, -opened.get());
  }
  return true;
}

void WaitingPipes::Retry(int listener) {
  for (std::size_t i = 0; i < count_;) {
    if (!IsDone(listener, waiting_[i])) {
      ++i;
      continue;
    }
    waiting_[i].fd.Reset();
    if (i != --count_) waiting_[i] = std::move(waiting_[count_]);
  }
}

}  // namespace ambit::run
