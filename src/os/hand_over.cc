#include "os/hand_over.h"

#include <fcntl.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>

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

/// Holds a waiting thread and ourselves on the processor that we are on.
class SameProcessor {
 public:
  explicit SameProcessor(int thread) : thread_(thread) {
    const int here = CurrentProcessor();
    constexpr int kBits = 8 * sizeof allowed_[0];
    if (here < 0 || static_cast<std::size_t>(here / kBits) >= kWords) return;
    const long size = ::syscall(SYS_sched_getaffinity, thread, sizeof allowed_, allowed_);
    if (size <= 0 || (allowed_[here / kBits] >> here % kBits & 1U) == 0) return;
    unsigned long only[kWords] = {};
    only[here / kBits] = 1UL << here % kBits;
    size_ = static_cast<std::size_t>(size);
    if (::syscall(SYS_sched_getaffinity, 0, sizeof our_, our_) != size ||
        ::syscall(SYS_sched_setaffinity, thread, size_, only) < 0) {
      size_ = 0;
      return;
    }
    ::syscall(SYS_sched_setaffinity, 0, size_, only);
  }
  ~SameProcessor() {
    if (size_ == 0) return;
    ::syscall(SYS_sched_setaffinity, thread_, size_, allowed_);
    ::syscall(SYS_sched_setaffinity, 0, size_, our_);
  }
  SameProcessor(const SameProcessor&) = delete;
  SameProcessor& operator=(const SameProcessor&) = delete;

 private:
  static constexpr std::size_t kWords = 128;  ///< 8192 processors
  int thread_;
  std::size_t size_ = 0;  ///< Of a set, in bytes; 0: nothing is held.
  unsigned long allowed_[kWords];
  unsigned long our_[kWords];
};

}  // namespace

int AnswerDescriptor(int listener, std::uint64_t id, int fd, bool close_on_exec) {
  return AddDescriptor(listener, id, fd, close_on_exec, SECCOMP_ADDFD_FLAG_SEND);
}

int AnswerDescriptorHere(int listener, std::uint64_t id, int thread, int fd, bool close_on_exec) {
  int added = 0;
  {
    const SameProcessor stay(thread);
    added = AddDescriptor(listener, id, fd, close_on_exec, 0);
  }
  return added < 0 ? added : AnswerValue(listener, id, added);
}

int CurrentProcessor() { return ::sched_getcpu(); }

}  // namespace ambit::os
