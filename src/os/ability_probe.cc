#include "os/ability_probe.h"

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <iterator>

#include "os/channel.h"
#include "os/landlock_calls.h"
#include "os/mount_calls.h"
#include "os/notified_call.h"
#include "os/proc_path.h"
#include "os/process_calls.h"
#include "os/unique_fd.h"
#include "os/unix_calls.h"

namespace ambit::os {
namespace {

/// Tries something: >= 0 or -errno.
using Attempt = int (*)();

/// Exit status of a process that could not come to its attempt. No errno is that large.
constexpr int kNoAttempt = 250;

int Check(long result) { return result < 0 ? -errno : 0; }

[[noreturn]] void ExitWith(int result) { ExitNow(result < 0 ? -result : 0); }

/// The exit status of a child of ours; -1 when it was killed. By the oldest call: how to hold a
/// process by a descriptor is one of the things that are tried.
int StatusOf(int child) {
  int status = 0;
  while (::waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) return -1;
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

struct Tried {
  int error = 0;   ///< As in HostAbilities::errors.
  int result = 0;  ///< What the attempt returned; 0 when there was an error.
};

/// What `child` came to, who has the other end of `told`.
Tried Outcome(int child, int told, int timeout_ms) {
  if (WaitReadable(&told, 1, timeout_ms) == 0) {
    ::kill(child, SIGKILL);
    // One that hangs in the kernel may not even end now; then it is left to do so later.
    if (WaitReadable(&told, 1, timeout_ms) != 0) StatusOf(child);
    return {ETIMEDOUT, 0};
  }
  int result = 0;
  const bool spoke = ::read(told, &result, sizeof result) == sizeof result;
  const int status = StatusOf(child);
  if (spoke) return result < 0 ? Tried{-result, 0} : Tried{0, result};
  return {status == kNoAttempt ? HostAbilities::kNotTried : HostAbilities::kKilled, 0};
}

Tried TryInChild(Attempt attempt, int timeout_ms) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) < 0) return {errno, 0};
  const UniqueFd told(ends[0]);
  UniqueFd tell(ends[1]);
  const int child = RawFork();
  if (child < 0) return {-child, 0};
  if (child == 0) {
    DieWithParent();
    const int result = attempt();
    static_cast<void>(!::write(tell.get(), &result, sizeof result));
    ExitNow(0);
  }
  tell.Reset();
  return Outcome(child, told.get(), timeout_ms);
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
  const int status = StatusOf(child.pid);
  if (status < 0 || status == kNoAttempt) ExitNow(kNoAttempt);
  return -status;
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
  StatusOf(child.pid);
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

int TryFindPaths() {
  const int root = OpenPlace(kCwd, "/");
  return root < 0 ? root : 0;
}

int TryHoldProcesses() {
  const UniqueFd self(OpenProcess(::getpid()));
  return self.valid() ? SendSignalToPidfd(self.get(), 0) : self.get();
}

int TryCloseRange() { return CloseAbove2(nullptr, 0, false); }

/// A layer that closes nothing.
int TryLandlock() {
  const int abi = LandlockAbi();
  if (abi == 0) return -EOPNOTSUPP;
  const UniqueFd ruleset(NewLandlockRuleset(abi, {.changes = true}));
  if (!ruleset.valid()) return ruleset.get();
  const UniqueFd root(::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!root.valid()) ExitNow(kNoAttempt);
  if (const int r = AllowChangesBelow(ruleset.get(), abi, root.get()); r < 0) return r;
  if (const int r = SetNoNewPrivileges(); r < 0) return r;
  return RestrictSelf(ruleset.get());
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

/// Two processes side by side, as the broker and the command are: one that waits, and one that
/// does something to it.
int TryBeside(int (*act)(int process)) {
  const int other = RawFork();
  if (other < 0) ExitNow(kNoAttempt);
  if (other == 0) {
    DieWithParent();
    for (;;) ::pause();
  }
  const int actor = RawFork();
  if (actor == 0) ExitWith(act(other));
  const int status = StatusOf(actor);
  ::kill(other, SIGKILL);
  StatusOf(other);
  if (status < 0 || status == kNoAttempt) ExitNow(kNoAttempt);
  return -status;
}

/// What is to be found in the memory of the process beside.
const volatile int in_memory = 7;

int TryReadMemory() {
  return TryBeside([](int process) {
    int copy = 0;
    iovec to{&copy, sizeof copy};
    iovec from{const_cast<int*>(&in_memory), sizeof copy};
    if (::process_vm_readv(process, &to, 1, &from, 1, 0) < 0) return -errno;
    return copy == in_memory ? 0 : -EIO;
  });
}

int TryReadMemoryFile() {
  return TryBeside([](int process) {
    int copy = 0;
    const UniqueFd memory(::open(ProcPath(process, "mem").text(), O_RDONLY | O_CLOEXEC));
    if (!memory.valid()) return -errno;
    const auto address = reinterpret_cast<std::intptr_t>(&in_memory);
    if (::pread(memory.get(), &copy, sizeof copy, address) < 0) return -errno;
    return copy == in_memory ? 0 : -EIO;
  });
}

int TryCopyDescriptors() {
  return TryBeside([](int process) {
    const UniqueFd fd(CopyDescriptor(process, 2));
    // That it has none of this number is told only to those who may copy.
    return fd.valid() || fd.get() == -EBADF ? 0 : fd.get();
  });
}

/// In the order of Ability; the last one takes a whole engine to try.
constexpr Attempt kAttempts[kAbilities - 1] = {
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
    TryFindPaths,
    TryHoldProcesses,
    TryCloseRange,
    TryLandlock,
    TryFilter,
    TryListener,
    TryReadMemory,
    TryReadMemoryFile,
    TryCopyDescriptors,
};

}  // namespace

HostAbilities ProbeAbilities(int timeout_ms) {
  HostAbilities out;
  out.uid = ::geteuid();
  out.landlock_abi = TryInChild(LandlockAbi, timeout_ms).result;
  out.errors.fill(HostAbilities::kNotTried);
  for (std::size_t i = 0; i < std::size(kAttempts); ++i) {
    out.errors[i] = TryInChild(kAttempts[i], timeout_ms).error;
  }
  return out;
}

}  // namespace ambit::os
