#include "os/process_calls.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <linux/close_range.h>
#include <linux/filter.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <linux/securebits.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>

#include "os/processor_set.h"
#include "os/unique_fd.h"

namespace ambit::os {
namespace {

int Check(long result) { return result < 0 ? -errno : static_cast<int>(result); }

int WriteProcFile(const char* path, const char* text, std::size_t length) {
  const int fd = ::open(path, O_WRONLY | O_CLOEXEC);
  if (fd < 0) return -errno;
  UniqueFd owner(fd);
  return ::write(fd, text, length) < 0 ? -errno : 0;
}

/// "id id 1\n" without the C library's formatting, which is not async-signal-safe.
std::size_t FormatIdMap(char* out, std::uint32_t id) {
  char digits[10];
  std::size_t n = 0;
  do {
    digits[n++] = static_cast<char>('0' + id % 10);
    id /= 10;
  } while (id != 0);
  std::size_t length = 0;
  for (int repeat = 0; repeat < 2; ++repeat) {
    for (std::size_t i = n; i > 0; --i) out[length++] = digits[i - 1];
    out[length++] = ' ';
  }
  out[length++] = '1';
  out[length++] = '\n';
  return length;
}

int WriteIdMap(const char* path, std::uint32_t id) {
  char line[32];
  return WriteProcFile(path, line, FormatIdMap(line, id));
}

/// All capabilities of the caller but CAP_SYS_PTRACE go; that one as told.
int SetCapabilities(bool effective, bool permitted) {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[2] = {};
  constexpr std::uint32_t kTrace = 1U << CAP_SYS_PTRACE;
  data[0].effective = effective ? kTrace : 0;
  data[0].permitted = permitted ? kTrace : 0;
  return Check(::syscall(SYS_capset, &header, data));
}

}  // namespace

void CloseFd(int fd) noexcept { ::close(fd); }

namespace {
void Reap(int child) {
  while (::waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
  }
}

constexpr int kHeldNamespaces = CLONE_NEWUSER | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP;

Cloned CloneWith(std::uint64_t namespaces) {
  const std::uint64_t flags = namespaces | CLONE_PIDFD;
  int pidfd = -1;
  clone_args args{};
  args.flags = flags | CLONE_CLEAR_SIGHAND;
  args.pidfd = reinterpret_cast<std::uint64_t>(&pidfd);
  args.exit_signal = SIGCHLD;
  long pid = ::syscall(SYS_clone3, &args, sizeof args);
  if (pid < 0 && errno == ENOSYS) {
    // Some container filters hide clone3 so that callers fall back to the older call, whose flags
    // they can inspect.
    pid = ::syscall(SYS_clone, static_cast<unsigned long>(flags) | SIGCHLD, nullptr, &pidfd,
                    nullptr, nullptr);
  }
  if (pid < 0) return {-errno, -1};
  return {static_cast<int>(pid), pid == 0 ? -1 : pidfd};
}
}  // namespace

Cloned CloneIntoNamespaces() {
  return CloneWith(kHeldNamespaces | CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWPID);
}

int EnterNewNamespaces() { return Check(::unshare(kHeldNamespaces)); }

int EnterNewNetwork() { return Check(::unshare(CLONE_NEWNET)); }

int EnterNetworkOf(int holder) { return Check(::setns(holder, CLONE_NEWNET)); }

Cloned CloneIntoNamespacesOf(int holder) {
  // Only a child can enter them for good, and it borrows our memory, so that nothing is copied for
  // it and its answer is in `made` (vfork(2)).
  volatile int made = -EPIPE;
  const int between = ::vfork();
  if (between < 0) return {-errno, -1};
  if (between == 0) {
    if (::setns(holder, kHeldNamespaces) < 0) {
      made = -errno;
      ::_exit(0);
    }
    clone_args args{};
    args.flags = CLONE_NEWNS | CLONE_NEWPID | CLONE_PARENT | CLONE_CLEAR_SIGHAND;
    const long pid = ::syscall(SYS_clone3, &args, sizeof args);
    if (pid == 0) return {0, -1};  // with memory of its own
    made = pid < 0 ? -errno : static_cast<int>(pid);
    ::_exit(0);
  }
  Reap(between);
  const int pid = made;
  if (pid < 0) return {pid, -1};
  const int pidfd = OpenProcess(pid);
  if (pidfd >= 0) return {pid, pidfd};
  ::kill(pid, SIGKILL);
  Reap(pid);
  return {pidfd, -1};
}

Cloned CloneHere() { return CloneWith(0); }

int AdoptOrphans() { return Check(::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)); }

int OpenProcess(int process) { return Check(::syscall(SYS_pidfd_open, process, 0)); }

int RawFork() { return Check(::syscall(SYS_clone, SIGCHLD, nullptr, nullptr, nullptr, nullptr)); }

int RawForkBlocked() {
  sigset_t all, before;
  ::sigfillset(&all);
  ::sigprocmask(SIG_SETMASK, &all, &before);
  const int pid = RawFork();
  if (pid != 0) ::sigprocmask(SIG_SETMASK, &before, nullptr);
  return pid;
}

int ForkBorrowing(void (*run)(void*), void* data) {
  // Our processor is about to be free, while the kernel takes another one for a new process.
  const ProcessorSet allowed(0);
  const int here = CurrentProcessor();
  const bool held = allowed.Contains(here) && allowed.Only(here).ApplyTo(0) == 0;
#ifdef __SANITIZE_ADDRESS__
  const int pid = RawFork();  // what the child notes of its stack must not be taken for ours
#else
  const int pid = ::vfork();
#endif
  if (held) static_cast<void>(allowed.ApplyTo(0));  // each for itself
  if (pid != 0) return Check(pid);
  run(data);
  ::_exit(127);
}

int Fork() { return Check(::fork()); }

void MoveToOtherProcessor(int process) {
  ProcessorSet others(process);
  others.Remove(CurrentProcessor());
  if (!others.empty()) static_cast<void>(others.ApplyTo(process));
}

int StartThread(void* (*run)(void*), void* data) {
  constexpr std::size_t kStack = 1 << 20;
  pthread_attr_t how;
  if (const int r = ::pthread_attr_init(&how); r != 0) return -r;
  ::pthread_attr_setstacksize(&how, kStack);
  ::pthread_attr_setdetachstate(&how, PTHREAD_CREATE_DETACHED);
  pthread_t thread{};
  const int r = ::pthread_create(&thread, &how, run, data);
  ::pthread_attr_destroy(&how);
  return -r;
}

int HaveOwnUmask() { return Check(::unshare(CLONE_FS)); }

void ExitNow(int status) { ::_exit(status); }

int ProcessId() { return ::getpid(); }

int ParentProcessId() { return ::getppid(); }

std::uint32_t EffectiveUserId() { return ::geteuid(); }

std::uint32_t EffectiveGroupId() { return ::getegid(); }

int MapOwnIds(std::uint32_t uid, std::uint32_t gid) {
  if (const int r = WriteProcFile("/proc/self/setgroups", "deny", 4); r < 0) return r;
  if (const int r = WriteIdMap("/proc/self/uid_map", uid); r < 0) return r;
  return WriteIdMap("/proc/self/gid_map", gid);
}

int DieWithParent() { return Check(::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0)); }

int SetNotDumpable() { return Check(::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)); }

int SetDumpable() { return Check(::prctl(PR_SET_DUMPABLE, 1, 0, 0, 0)); }

void NameOurselves(const char* name) { ::prctl(PR_SET_NAME, name, 0, 0, 0); }

void ForgetArguments(const char* name) {
  // The kernel lays out the argument strings, then the environment strings, in one run of memory;
  // program_invocation_name still points at its first byte (execve(2), proc_pid_cmdline(5)).
  char* const begin = ::program_invocation_name;
  char* end = begin + ::strlen(begin);
  for (char** entry = ::environ; entry != nullptr && *entry != nullptr; ++entry) {
    char* const last = *entry + ::strlen(*entry);
    if (*entry >= begin && last > end) end = last;
  }
  ::explicit_bzero(begin, static_cast<std::size_t>(end - begin));
  NameOurselves(name);
}

int SetNoNewPrivileges() { return Check(::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)); }

int DropCapabilities(bool keep_trace) {
  constexpr unsigned long kBits = SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_NO_SETUID_FIXUP |
                                  SECBIT_NO_SETUID_FIXUP_LOCKED | SECBIT_KEEP_CAPS_LOCKED |
                                  SECBIT_NO_CAP_AMBIENT_RAISE | SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED;
  if (::prctl(PR_SET_SECUREBITS, kBits, 0, 0, 0) < 0) return -errno;
  if (::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0) return -errno;
  for (unsigned long cap = 0; cap <= 63; ++cap) {
    if (::prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) < 0) {
      if (errno == EINVAL) break;  // past the last capability this kernel knows
      return -errno;
    }
  }
  return SetCapabilities(keep_trace, keep_trace);
}

int DropCapabilitiesGiven(bool keep_trace) {
  if (const int r = DropCapabilities(keep_trace); r != -EPERM) return r;
  if (::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0) return -errno;
  if (keep_trace && SetCapabilities(true, true) >= 0) return 0;
  return SetCapabilities(false, false);
}

int DropLastCapability() { return SetCapabilities(false, false); }

bool HasTraceCapability() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[2] = {};
  if (::syscall(SYS_capget, &header, data) < 0) return false;
  return (data[0].permitted & (1U << CAP_SYS_PTRACE)) != 0;
}

int UseTraceCapability(bool use) { return SetCapabilities(use, true); }

int DisableCoreDumps() {
  const struct rlimit none {};
  return Check(::setrlimit(RLIMIT_CORE, &none));
}

int InstallSeccomp(const void* instructions, std::size_t count) {
  sock_fprog program{};
  program.len = static_cast<unsigned short>(count);
  program.filter = static_cast<sock_filter*>(const_cast<void*>(instructions));
  return Check(::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program));
}

int KillEverybodyElse() { return Check(::kill(-1, SIGKILL)); }

int SendSignal(int pid, int signal) { return Check(::kill(pid, signal)); }

bool IsInReach(int pid) { return ::kill(pid, 0) == 0; }

bool IsOwnThread(int thread) { return ::syscall(SYS_tgkill, ::getpid(), thread, 0) == 0; }

int SendSignalToPidfd(int pidfd, int signal) {
  return Check(::syscall(SYS_pidfd_send_signal, pidfd, signal, nullptr, 0));
}

void ForgetPendingSignals() {
  sigset_t all;
  ::sigfillset(&all);
  constexpr timespec kNow{};
  while (::sigtimedwait(&all, nullptr, &kNow) > 0) {
  }
}

void ResetSignals() {
  struct sigaction standard {};
  standard.sa_handler = SIG_DFL;
  for (int number = 1; number < 65; ++number) {
    if (number == SIGHUP || number == SIGINT || number == SIGQUIT) {
      struct sigaction now {};
      if (::sigaction(number, nullptr, &now) == 0 && now.sa_handler == SIG_IGN) continue;
    }
    ::sigaction(number, &standard, nullptr);
  }
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

void IgnoreBrokenPipes() { ::signal(SIGPIPE, SIG_IGN); }

int BlockSignals() {
  sigset_t all;
  ::sigfillset(&all);
  for (const int crash : {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT}) ::sigdelset(&all, crash);
  if (::sigprocmask(SIG_SETMASK, &all, nullptr) < 0) return -errno;
  return Check(::signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK));
}

PendingSignal NextSignal(int signal_fd) {
  signalfd_siginfo info{};
  if (::read(signal_fd, &info, sizeof info) != sizeof info) return {};
  return {static_cast<int>(info.ssi_signo), info.ssi_code == SI_KERNEL};
}

void StopAsJob() {
  struct sigaction standard {
  }, before{};
  standard.sa_handler = SIG_DFL;
  sigset_t stop, mask;
  ::sigemptyset(&stop);
  ::sigaddset(&stop, SIGTSTP);
  ::sigaction(SIGTSTP, &standard, &before);
  ::kill(::getpid(), SIGTSTP);
  ::sigprocmask(SIG_UNBLOCK, &stop, &mask);  // here it stops
  ::sigprocmask(SIG_SETMASK, &mask, nullptr);
  ::sigaction(SIGTSTP, &before, nullptr);
}

namespace {
Waited FromSiginfo(long result, const siginfo_t& info) {
  if (result < 0) return {.pid = -errno};
  Waited out{.pid = info.si_pid, .code = info.si_status};
  out.stopped = info.si_code == CLD_STOPPED;
  out.exited = info.si_code == CLD_EXITED;
  out.killed = info.si_code == CLD_KILLED || info.si_code == CLD_DUMPED;
  return out;
}
}  // namespace

Waited WaitAny(bool block) {
  siginfo_t info{};
  const int options = WEXITED | WSTOPPED | (block ? 0 : WNOHANG);
  return FromSiginfo(::waitid(P_ALL, 0, &info, options), info);
}

Waited WaitPidfd(int pidfd) {
  siginfo_t info{};
  return FromSiginfo(::waitid(P_PIDFD, static_cast<id_t>(pidfd), &info, WEXITED), info);
}

int NewSession() { return Check(::setsid()); }

bool HasTerminal() {
  const int fd = ::open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return false;
  ::close(fd);
  return true;
}

int CloseAbove2(const int* keep, std::size_t count, bool close_now) {
  const unsigned flags = close_now ? 0U : static_cast<unsigned>(CLOSE_RANGE_CLOEXEC);
  unsigned first = 3;
  for (std::size_t i = 0; i < count; ++i) {
    const auto kept = static_cast<unsigned>(keep[i]);
    if (kept < first) continue;
    if (kept > first && ::syscall(SYS_close_range, first, kept - 1, flags) < 0) return -errno;
    first = kept + 1;
  }
  return Check(::syscall(SYS_close_range, first, ~0U, flags));
}

int KeepAcrossExec(int fd) { return Check(::fcntl(fd, F_SETFD, 0)); }

int Exec(const char* path, char* const argv[], char* const envp[]) {
  return Check(::execve(path, argv, envp));
}

int ChangeDirectory(int place) { return Check(::fchdir(place)); }

std::uint64_t RaiseOpenFiles() {
  struct rlimit limit {};
  if (::getrlimit(RLIMIT_NOFILE, &limit) < 0) return 1024;
  const std::uint64_t soft = limit.rlim_cur;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
  return soft;
}

int SetOpenFilesSoft(std::uint64_t soft) {
  struct rlimit limit {};
  if (::getrlimit(RLIMIT_NOFILE, &limit) < 0) return -errno;
  limit.rlim_cur = soft;
  return Check(::setrlimit(RLIMIT_NOFILE, &limit));
}

int LowerLimit(Resource resource, std::uint64_t most) {
  __rlimit_resource number = RLIMIT_NPROC;
  switch (resource) {
    case Resource::kProcesses:
      break;
    case Resource::kOpenFiles:
      number = RLIMIT_NOFILE;
      break;
    case Resource::kFileSize:
      number = RLIMIT_FSIZE;
      break;
    case Resource::kCpuSeconds:
      number = RLIMIT_CPU;
      break;
  }
  struct rlimit limit {};
  if (::getrlimit(number, &limit) < 0) return -errno;
  if (limit.rlim_max > most) limit.rlim_max = most;
  if (limit.rlim_cur > limit.rlim_max) limit.rlim_cur = limit.rlim_max;
  return Check(::setrlimit(number, &limit));
}

std::uint64_t NowMicroseconds() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1000000U +
         static_cast<std::uint64_t>(now.tv_nsec) / 1000U;
}

}  // namespace ambit::os
