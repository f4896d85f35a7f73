#include "os/ability_probe.h"

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "os/channel.h"
#include "os/landlock_calls.h"
#include "os/mount_calls.h"
#include "os/notified_call.h"
#include "os/process_calls.h"
#include "os/unique_fd.h"

namespace ambit::os {
namespace {

/// Tries something: >= 0 or -errno.
using Attempt = int (*)();

/// Exit status of a process that could not come to its attempt. No errno is that large.
constexpr int kNoAttempt = 250;

int Check(long result) { return result < 0 ? -errno : 0; }

[[noreturn]] void ExitWith(int result) { ExitNow(result < 0 ? -result : 0); }

/// What the process behind `pidfd` came to.
int Outcome(int pidfd, int timeout_ms) {
  if (WaitReadable(&pidfd, 1, timeout_ms) == 0) {
    SendSignalToPidfd(pidfd, SIGKILL);
    // One that hangs in the kernel may not even end now; then it is left to do so later.
    if (WaitReadable(&pidfd, 1, timeout_ms) != 0) WaitPidfd(pidfd);
    return ETIMEDOUT;
  }
  const Waited waited = WaitPidfd(pidfd);
  if (!waited.exited) return HostAbilities::kKilled;
  return waited.code == kNoAttempt ? HostAbilities::kNotTried : waited.code;
}

int TryInChild(Attempt attempt, int timeout_ms) {
  const int child = RawFork();
  if (child < 0) return -child;
  if (child == 0) {
    DieWithParent();
    ExitWith(attempt());
  }
  const UniqueFd pidfd(OpenProcess(child));
  return pidfd.valid() ? Outcome(pidfd.get(), timeout_ms) : -pidfd.get();
}

template <unsigned long kFlag>
int TryNamespaceOf() {
  return Check(::unshare(static_cast<int>(CLONE_NEWUSER | kFlag)));
}

/// As a start would: PID 1 of new namespaces, with its ids mapped.
int TryInNamespaces(Attempt attempt) {
  const std::uint32_t uid = ::geteuid();
  const std::uint32_t gid = ::getegid();
  const Cloned child = CloneIntoNamespaces();
  if (child.pid < 0) ExitNow(kNoAttempt);
  if (child.pid == 0) {
    DieWithParent();
    if (MapOwnIds(uid, gid) < 0) ExitNow(kNoAttempt);
    ExitWith(attempt());
  }
  const Waited waited = WaitPidfd(child.pidfd);
  ExitNow(waited.exited ? waited.code : kNoAttempt);
}

template <int (*kAttempt)()>
int Inside() {
  return TryInNamespaces(kAttempt);
}

int TryIdMap() {
  const std::uint32_t uid = ::geteuid();
  const std::uint32_t gid = ::getegid();
  if (::unshare(CLONE_NEWUSER) < 0) ExitNow(kNoAttempt);
  return MapOwnIds(uid, gid);
}

int TryAllNamespaces() {
  const Cloned child = CloneIntoNamespaces();
  if (child.pid == 0) ExitNow(0);
  if (child.pid < 0) return child.pid;
  WaitPidfd(child.pidfd);
  return 0;
}

int TryTmpfs() { return NewTmpfs("1m", "755"); }

int CopyRoot() {
  const UniqueFd root(OpenPlace(kCwd, "/"));
  return root.valid() ? CloneMounts(root.get()) : root.get();
}

int TryMountFlags() {
  const UniqueFd tree(CopyRoot());
  if (!tree.valid()) ExitNow(kNoAttempt);
  constexpr MountFlags kReadOnly{.read_only = true, .no_suid = true};
  if (const int r = SetMountFlags(tree.get(), kReadOnly, {}, true); r < 0) return r;
  const UniqueFd root(OpenPlace(kCwd, "/"));
  return SetMountFlags(root.get(), kReadOnly, {}, true);
}

int TryAttach() {
  const UniqueFd tree(CopyRoot());
  const UniqueFd place(OpenPlace(kCwd, "/proc"));
  if (!tree.valid() || !place.valid()) ExitNow(kNoAttempt);
  return Attach(tree.get(), place.get());
}

constexpr sock_filter kAllowAll[] = {{BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW}};

int TryFilter() {
  if (const int r = SetNoNewPrivileges(); r < 0) return r;
  return InstallSeccomp(kAllowAll, 1);
}

int TryListener() {
  if (const int r = SetNoNewPrivileges(); r < 0) return r;
  return InstallSeccompWithListener(kAllowAll, 1);
}

/// Two processes side by side, as the broker and the command are: one that waits, and the caller,
/// which reads `secret` in it.
template <class Read>
int TryReading(Read read) {
  static const volatile int secret = 7;
  const int other = RawFork();
  if (other < 0) ExitNow(kNoAttempt);
  if (other == 0) {
    DieWithParent();
    for (;;) ::pause();
  }
  const int reader = RawFork();
  if (reader == 0) {
    int copy = 0;
    const int r = read(other, const_cast<const int*>(&secret), copy);
    ExitWith(r < 0 ? r : copy == secret ? 0 : -EIO);
  }
  const UniqueFd pidfd(OpenProcess(reader));
  const Waited waited = WaitPidfd(pidfd.get());
  ::kill(other, SIGKILL);
  ExitNow(waited.exited ? waited.code : kNoAttempt);
}

int TryReadMemory() {
  return TryReading([](int process, const int* address, int& copy) {
    iovec to{&copy, sizeof copy};
    iovec from{const_cast<int*>(address), sizeof copy};
    return Check(::process_vm_readv(process, &to, 1, &from, 1, 0));
  });
}

int TryReadMemoryFile() {
  return TryReading([](int process, const int* address, int& copy) {
    char path[32];
    static_cast<void>(std::snprintf(path, sizeof path, "/proc/%d/mem", process));
    const UniqueFd memory(::open(path, O_RDONLY | O_CLOEXEC));
    if (!memory.valid()) return -errno;
    return Check(
        ::pread(memory.get(), &copy, sizeof copy, reinterpret_cast<std::intptr_t>(address)));
  });
}

constexpr Attempt kAttempts[kAbilities] = {
    TryNamespaceOf<0>,
    TryIdMap,
    TryNamespaceOf<CLONE_NEWNS>,
    TryNamespaceOf<CLONE_NEWPID>,
    TryNamespaceOf<CLONE_NEWIPC>,
    TryNamespaceOf<CLONE_NEWUTS>,
    TryNamespaceOf<CLONE_NEWCGROUP>,
    TryNamespaceOf<CLONE_NEWNET>,
    TryAllNamespaces,
    Inside<TryTmpfs>,
    Inside<CopyRoot>,
    Inside<TryMountFlags>,
    Inside<TryAttach>,
    Inside<NewDevpts>,
    Inside<NewProc>,
    TryFilter,
    TryListener,
    TryReadMemory,
    TryReadMemoryFile,
};

}  // namespace

HostAbilities ProbeAbilities(int timeout_ms) {
  HostAbilities out;
  out.uid = ::geteuid();
  out.landlock_abi = LandlockAbi();
  for (std::size_t i = 0; i < kAbilities; ++i) {
    out.errors[i] = TryInChild(kAttempts[i], timeout_ms);
  }
  return out;
}

}  // namespace ambit::os
