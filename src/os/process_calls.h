#pragma once

#include <cstddef>
#include <cstdint>

/// Processes, identities, signals and privileges. As in mount_calls.h: nothing allocates, all may
/// be used between fork and exec, all return a value >= 0 or -errno unless said otherwise.
namespace ambit::os {

/// What clone3(2) answered. In the child `pid` is 0.
struct Cloned {
  int pid = -1;    ///< Or -errno.
  int pidfd = -1;  ///< In the parent only.
};
/// Starts a copy of this (single-threaded) process as PID 1 of new user, mount, pid, ipc, uts,
/// cgroup and network namespaces. Handled signals are reset.
Cloned CloneIntoNamespaces();
/// The same in steps. Most of the time goes into the network namespace, and then into the others;
/// a process that holds them for another one can make them meanwhile: first user, ipc, uts and
/// cgroup namespaces, then a network namespace.
int EnterNewNamespaces();
int EnterNewNetwork();
/// With the pidfd of that process: PID 1 is in the first namespaces held and in new mount and pid
/// namespaces. It is the caller's child, and no process is left between them. -EPIPE: somebody
/// ended that one.
Cloned CloneIntoNamespacesOf(int holder);
/// In PID 1: enters the network namespace held.
int EnterNetworkOf(int holder);
/// The same without namespaces.
Cloned CloneHere();
/// Orphans among the caller's descendants become its children (PR_SET_CHILD_SUBREAPER(2const)).
int AdoptOrphans();
/// A pidfd of a process.
int OpenProcess(int process);

/// fork(2) without the C library's handlers.
int RawFork();
/// The same for a child that has all signals blocked from its first moment.
int RawForkBlocked();
/// Has a child run `run(data)`, which borrows this process's memory, so that nothing is copied; we
/// go on when it has executed a program or ended (vfork(2)). `run` must not return.
int ForkBorrowing(void (*run)(void*), void* data);
/// fork(2) for a child that goes on as an ordinary program. -errno on failure.
int Fork();
/// Has a process run on another processor than the caller's, where it may use one: the kernel tends
/// to leave a child where its parent is, and there it would wait.
void MoveToOtherProcessor(int process);
/// Has another thread of this process run `run(data)`. 0 or -errno. Allocates.
int StartThread(void* (*run)(void*), void* data);
/// Parts this thread's umask and working directory from those of the others (unshare(2)). 0 or
/// -errno.
int HaveOwnUmask();
[[noreturn]] void ExitNow(int status);
/// The caller's number in its own pid namespace, its parent's, and its user and group id.
int ProcessId();
int ParentProcessId();
std::uint32_t EffectiveUserId();
std::uint32_t EffectiveGroupId();

/// Maps the given ids to themselves, and nothing else, in the caller's new user namespace.
/// Source: user_namespaces(7), "Defining user and group ID mappings".
int MapOwnIds(std::uint32_t uid, std::uint32_t gid);

/// SIGKILL for the caller as soon as the thread that made it ends. Source:
/// PR_SET_PDEATHSIG(2const).
int DieWithParent();
/// Other processes of the same user can neither trace the caller nor read its memory.
int SetNotDumpable();
/// The opposite: what is the caller's in /proc belongs to it again.
int SetDumpable();
/// The caller's name in /proc.
void NameOurselves(const char* name);
/// The same, and the memory of its arguments and environment is zeroed, so that
/// /proc/PID/cmdline and environ tell nothing.
void ForgetArguments(const char* name);
/// No exec gives a privilege from now on.
int SetNoNewPrivileges();
/// Empties every capability set, the bounding set included, and locks the securebits so that uid 0
/// gains nothing by exec. With `keep_trace` the permitted and effective sets keep CAP_SYS_PTRACE.
/// Source: capabilities(7).
int DropCapabilities(bool keep_trace);
/// The same outside of a user namespace of our own making, where the bounding set and the
/// securebits may be out of reach: no-new-privileges, which has to be set before, keeps exec from
/// giving any back. CAP_SYS_PTRACE is kept only if it is there.
int DropCapabilitiesGiven(bool keep_trace);
/// Empties what DropCapabilities left.
int DropLastCapability();
/// Whether CAP_SYS_PTRACE is among the permitted ones.
bool HasTraceCapability();
/// Takes CAP_SYS_PTRACE out of the effective set, or puts it back.
int UseTraceCapability(bool use);
int DisableCoreDumps();
/// Installs a seccomp program (`count` instructions of struct sock_filter) for the caller.
int InstallSeccomp(const void* instructions, std::size_t count);

/// Ends every process the caller may signal: for PID 1, all of its pid namespace; under a Landlock
/// layer that keeps signals inside, all under that layer. Only for callers of these two kinds.
int KillEverybodyElse();
int SendSignal(int pid, int signal);
/// Whether the caller may signal the process (or the process of that thread). Under a Landlock
/// layer that keeps signals inside: whether that process is under it too.
bool IsInReach(int pid);
/// Whether that is the number of a thread of this process.
bool IsOwnThread(int thread);
int SendSignalToPidfd(int pidfd, int signal);
/// What was sent to the caller while it had signals blocked is as if it had not been sent.
void ForgetPendingSignals();
/// Default dispositions for all signals but those of SIGHUP, SIGINT and SIGQUIT that are ignored
/// (nohup, background jobs), and an empty mask.
void ResetSignals();
/// Writing to what nobody reads any more fails with EPIPE and is no signal.
void IgnoreBrokenPipes();
/// Blocks every signal that can be blocked and returns a non-blocking signalfd for them.
int BlockSignals();
/// One pending signal from a signalfd: its number, and whether the kernel itself sent it (a key on
/// the terminal). 0: nothing pending.
struct PendingSignal {
  int number = 0;
  bool from_kernel = false;
};
PendingSignal NextSignal(int signal_fd);
/// Stops the calling process as the stop key does: not in an orphaned process group, where no shell
/// would continue it (setpgid(2)).
void StopAsJob();

/// A child's change of state.
struct Waited {
  int pid = 0;           ///< 0: nothing to report; -errno: no child left, or an error.
  bool stopped = false;  ///< Stopped by `code`.
  bool exited = false;   ///< Ended with exit code `code`.
  bool killed = false;   ///< Ended by signal `code`.
  int code = 0;
};
/// Any child; `block` waits. Reports stops too.
Waited WaitAny(bool block);
/// Waits for the end of the child behind `pidfd`.
Waited WaitPidfd(int pidfd);

/// A new session without a terminal.
int NewSession();
/// Whether the caller has a controlling terminal.
bool HasTerminal();
/// Sets FD_CLOEXEC on, or (close_now) closes, every descriptor above 2 but `keep`; `keep` is
/// sorted.
int CloseAbove2(const int* keep, std::size_t count, bool close_now);
/// Clears FD_CLOEXEC.
int KeepAcrossExec(int fd);
int Exec(const char* path, char* const argv[], char* const envp[]);
int ChangeDirectory(int place);

/// RLIMIT_NOFILE: raises the soft limit to the hard one and returns the old soft limit.
std::uint64_t RaiseOpenFiles();
int SetOpenFilesSoft(std::uint64_t soft);

/// A resource of setrlimit(2) that a profile may bound.
enum class Resource : std::uint8_t { kProcesses, kOpenFiles, kFileSize, kCpuSeconds };
/// Lowers both limits of `resource` to `most`; a limit that is lower already stays.
int LowerLimit(Resource resource, std::uint64_t most);

/// CLOCK_MONOTONIC in microseconds.
std::uint64_t NowMicroseconds();

}  // namespace ambit::os
