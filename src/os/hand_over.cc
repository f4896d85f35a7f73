#include "os/hand_over.h"

#include <fcntl.h>
#include <linux/seccomp.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>

#include "os/notified_call.h"

namespace ambit::os {
namespace {

int Check(long result) { return result < 0 ? -errno : static_cast<int>(result); }

int AddDescriptor(int listener, std::uint64_t id, int fd, bool close_on_exec, std::uint32_t flags) {
  seccomp_notif_addfd added{};
  added.id = id;
  added.flags = flags;
  added.srcfd = static_cast<std::uint32_t>(fd);
  added.newfd_flags = close_on_exec ? O_CLOEXEC : 0;
  return Check(::ioctl(listener, SECCOMP_IOCTL_NOTIF_ADDFD, &added));
}

}  // namespace

int AnswerDescriptor(int listener, std::uint64_t id, int fd, bool close_on_exec) {
  return AddDescriptor(listener, id, fd, close_on_exec, SECCOMP_ADDFD_FLAG_SEND);
}

int AnswerDescriptorHere(int listener, std::uint64_t id, int thread, int fd, bool close_on_exec) {
  const ProcessorSet allowed(thread);
  const int here = CurrentProcessor();
  const bool held = allowed.Contains(here) && allowed.Only(here).ApplyTo(thread) == 0;
  const int added = AddDescriptor(listener, id, fd, close_on_exec, 0);
  if (held) static_cast<void>(allowed.ApplyTo(thread));
  return added < 0 ? added : AnswerValue(listener, id, added);
}

bool OwnProcessor::Stay() {
  allowed_ = ProcessorSet(0);
  const int here = CurrentProcessor();
  return allowed_.Count() > 1 && allowed_.Contains(here) && allowed_.Only(here).ApplyTo(0) == 0;
}

bool OwnProcessor::StayOn(int nth) {
  allowed_ = ProcessorSet(0);
  const int there = allowed_.Nth(nth);
  return there >= 0 && allowed_.Only(there).ApplyTo(0) == 0;
}

void OwnProcessor::Leave() { static_cast<void>(allowed_.ApplyTo(0)); }

}  // namespace ambit::os
