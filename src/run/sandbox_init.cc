#include "run/sandbox_init.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <new>
#include <string_view>
#include <vector>

#include "os/process_calls.h"
#include "os/unique_fd.h"
#include "os/unix_calls.h"
#include "run/broker_crew.h"
#include "run/change_lock.h"
#include "run/exec_command.h"
#include "run/gate.h"
#include "run/landlock_layers.h"
#include "run/refusal_message.h"
#include "run/sandbox_setup.h"

namespace ambit::run {
namespace {

constexpr int kSetupFailed = 125;

int ApplyLimit(const plan::Limit& limit) {
  using os::Resource;
  // PID 1 is counted too, and is none of the command's processes.
  if (limit.processes) {
    if (const int r = os::LowerLimit(Resource::kProcesses, *limit.processes + 1); r < 0) return r;
  }
  if (limit.open_files) {
    if (const int r = os::LowerLimit(Resource::kOpenFiles, *limit.open_files); r < 0) return r;
  }
  if (limit.file_size) {
    if (const int r = os::LowerLimit(Resource::kFileSize, *limit.file_size); r < 0) return r;
  }
  if (!limit.cpu_seconds) return 0;
  return os::LowerLimit(Resource::kCpuSeconds, *limit.cpu_seconds);
}

/// Whether from now on messages that may carry descriptors are the broker's to send.
bool AreMessagesSentByBroker(const Prepared& prepared) {
  return prepared.sockets == plan_linux::UnixSockets::kDatagrams;
}

/// A descriptor of a process.
struct Handed {
  int process;
  int number;
};

/// Gives the listener to the broker, who takes it himself where we can send no descriptor any more.
int HandListener(const Prepared& prepared, int listener, const InitPipes& pipes) {
  if (!AreMessagesSentByBroker(prepared)) return os::SendDescriptor(pipes.listener_in, listener);
  const Handed handed{os::ProcessId(), listener};
  if (const int r = os::SendMessage(pipes.listener_in, &handed, sizeof handed); r < 0) return r;
  const int taken = os::ReceiveByte(pipes.listener_in);
  return taken < 0 ? taken : 0;
}

/// The broker's side of HandListener.
int TakeListener(const Prepared& prepared, const InitPipes& pipes) {
  if (!AreMessagesSentByBroker(prepared)) return os::ReceiveDescriptor(pipes.listener_out);
  Handed handed{-1, -1};
  int passed = -1;
  const int length = os::ReceiveMessageWith(pipes.listener_out, &handed, sizeof handed, passed);
  if (length < 0) return length;
  const int listener = os::CopyDescriptor(handed.process, handed.number);
  if (listener >= 0) os::SendByte(pipes.listener_out, 1);
  return listener;
}

/// The filter, and the listener that comes with it, which the broker gets.
int InstallFilter(const Prepared& prepared, const Filter& filter, const InitPipes& pipes) {
  if (!prepared.NeedsBroker()) return os::InstallSeccomp(filter.instructions, filter.count);
  const int listener = os::InstallSeccompWithListener(filter.instructions, filter.count);
  if (listener < 0) return listener;
  const int r = HandListener(prepared, listener, pipes);
  os::CloseFd(listener);
  return r;
}

/// What the command has less of than PID 1.
int NarrowCommand(const Prepared& prepared) {
  if (!prepared.NeedsBroker()) return 0;
  if (const int r = os::DropLastCapability(); r < 0) return r;
  return prepared.mediation.needed || prepared.proxy.brokered ? RaiseFence(prepared) : 0;
}

/// Tries what the rules forbid; ends the process where one does not hold.
void ProveOrEnd(const Prepared& prepared, bool early, Progress& progress) {
  const std::size_t broken = Prove(prepared.witnesses, early, prepared.witness_results);
  if (prepared.only_prove || broken == prepared.witnesses.size()) return;
  Report(progress, Step::kProof, -EPERM, broken);
  os::ExitNow(kSetupFailed);
}

/// The command's process, up to exec. Its memory is PID 1's.
[[noreturn]] void RunCommand(Prepared& prepared, const Filter& filter, Progress& progress,
                             const InitPipes& pipes) {
  int r = prepared.share_terminal ? 0 : os::NewSession();
  if (r >= 0) r = os::SetOpenFilesSoft(prepared.open_files_soft);
  if (r >= 0) r = ApplyLimit(prepared.limit);
  os::ResetSignals();
  if (!Report(progress, Step::kSession, r)) os::ExitNow(kSetupFailed);
  if (!Report(progress, Step::kFence, NarrowCommand(prepared))) os::ExitNow(kSetupFailed);
  ProveOrEnd(prepared, true, progress);
  r = InstallFilter(prepared, filter, pipes);
  if (!Report(progress, Step::kFilter, r)) os::ExitNow(kSetupFailed);
  ProveOrEnd(prepared, false, progress);
  os::SendByte(pipes.supervisor, kMessageProven);
  if (pipes.leave >= 0 && os::ReceiveByte(pipes.leave) < 0) os::ExitNow(kSetupFailed);
  os::SendByte(pipes.supervisor, kMessageStarted);
  r = os::CloseAbove2(prepared.keep_fds.data(), prepared.keep_fds.size(), true);
  for (const int fd : prepared.keep_fds) {
    if (r >= 0) r = os::KeepAcrossExec(fd);
  }
  if (!Report(progress, Step::kProof, r)) os::ExitNow(kSetupFailed);
  if (prepared.only_prove) os::ExitNow(0);
  Report(progress, Step::kExec, 0);
  r = ExecCommand(prepared);
  progress.exec_errno = -r;
  os::ExitNow(StatusOfExecFailure(-r));
}

/// Whether the command's process may borrow our memory. Landlock has to keep the command from it,
/// by a layer of its own; and where no pid namespace ends with us and we not with the supervisor,
/// we have to hear of the supervisor's end, however long exec takes.
bool MayBorrow(const Prepared& prepared) {
  return !prepared.shared_host && prepared.mediation.needed && prepared.landlock_abi != 0;
}

/// The command's process. Until exec it is dumpable, or the broker could not read what it asks for.
/// We are not, from before there is anybody to look at our memory: the command would write to it,
/// and no filter is on us. Where it borrows our memory we stay dumpable with it, and for a moment
/// longer. That is for commands that Landlock keeps from us: the fence is a layer that we are not
/// under (landlock(7)).
int StartCommand(Prepared& prepared, const Filter& filter, Progress& progress,
                 const InitPipes& pipes) {
  if (!MayBorrow(prepared)) {
    if (const int r = os::SetNotDumpable(); r < 0) return r;
    const int pid = os::RawFork();
    if (pid == 0) {
      os::SetDumpable();
      RunCommand(prepared, filter, progress, pipes);
    }
    return pid;
  }
  struct Start {
    Prepared& prepared;
    const Filter& filter;
    Progress& progress;
    const InitPipes& pipes;
  };
  Start start{prepared, filter, progress, pipes};
  const int pid = os::ForkBorrowing(
      [](void* data) {
        const Start& given = *static_cast<Start*>(data);
        RunCommand(given.prepared, given.filter, given.progress, given.pipes);
      },
      &start);
  os::SetNotDumpable();
  return pid;
}

/// Ends and reaps all that is left, so that nothing outlives PID 1 by even a moment. How many of
/// them the command had left behind.
std::uint32_t EndStragglers(int broker, int guard) {
  std::uint32_t count = 0;
  if (os::KillEverybodyElse() < 0) return 0;
  for (;;) {
    const os::Waited waited = os::WaitAny(true);
    if (waited.pid == -EINTR) continue;
    if (waited.pid <= 0) return count;
    if (waited.pid == broker || waited.pid == guard) continue;
    if (waited.killed || waited.exited) ++count;
  }
}

/// Tells the supervisor of refusals, each object once in a row.
class RefusalChannel final : public RefusalSink {
 public:
  RefusalChannel(const policy::Policy& policy, const Progress& progress, int channel)
      : policy_(policy), progress_(progress), channel_(channel) {}

  void Note(os::CallKind kind, std::string_view path, const policy::Decision& decision) override {
    if (!Begin(kind, path)) return;
    message_.is_socket = false;
    message_.access = decision.access;
    message_.rule = IndexIn(policy_.rules, decision.rule);
    message_.pattern = IndexIn(policy_.patterns, decision.pattern);
    os::SendMessage(channel_, &message_, kRefusalHead + length_);
  }

  void NoteSocket(os::CallKind kind, std::string_view path,
                  const policy::SocketDecision& decision) override {
    if (!Begin(kind, path)) return;
    message_.is_socket = true;
    message_.socket_reason = decision.reason;
    message_.socket_rule = IndexIn(policy_.sockets.rules, decision.rule);
    os::SendMessage(channel_, &message_, kRefusalHead + length_);
  }

 private:
  /// False when there is nothing new to tell.
  bool Begin(os::CallKind kind, std::string_view path) {
    if (progress_.ended_at[static_cast<std::size_t>(Step::kProof)] == 0) return false;  // our own
    const std::size_t length = std::min(path.size(), sizeof message_.path);
    if (kind == message_.kind && std::string_view(message_.path, length_) == path) return false;
    length_ = length;
    std::memcpy(message_.path, path.data(), length);
    message_.kind = kind;
    return true;
  }

  template <class T>
  static std::uint32_t IndexIn(const std::vector<T>& all, const T* one) {
    if (one == nullptr) return 0xffffffff;
    return static_cast<std::uint32_t>(one - all.data());
  }

  const policy::Policy& policy_;
  const Progress& progress_;
  int channel_;
  std::size_t length_ = 0;
  RefusalMessage message_;
};

/// PID 1 while the command runs.
class Watch {
 public:
  struct Children {
    int command = 0;
    int broker = 0;  ///< 0: there is none.
    int guard = 0;   ///< The same.
  };
  Watch(const Children& children, Progress& progress, int signals, int supervisor)
      : children_(children), progress_(progress), signals_(signals), supervisor_(supervisor) {}

  /// Until the command has ended, or the supervisor or one of our other processes is gone.
  void Run() {
    const int fds[] = {signals_, supervisor_};
    for (;;) {
      const int ready = os::WaitReadable(fds, 2, -1);
      if ((ready & 1) != 0) {
        while (os::NextSignal(signals_).number != 0) {
        }
        if (Reap()) return;
      }
      if ((ready & 2) != 0) {
        const int signal = os::ReceiveByte(supervisor_);
        if (signal < 0) return;
        os::SendSignal(children_.command, signal);
      }
    }
  }

 private:
  /// Whether this was the last that is worth waiting for.
  bool Reap() {
    for (;;) {
      const os::Waited waited = os::WaitAny(false);
      if (waited.pid <= 0) return false;
      const bool ours = waited.pid == children_.broker || waited.pid == children_.guard;
      const bool done = waited.pid == children_.broker && waited.exited && waited.code == 0;
      if (ours && !waited.stopped && !done) {
        progress_.helper_lost = true;
        return true;
      }
      if (waited.pid != children_.command) continue;
      if (waited.stopped) {
        os::SendByte(supervisor_, kMessageStopped);
        continue;
      }
      progress_.killed = waited.killed;
      progress_.code = waited.code;
      progress_.finished = true;
      return true;
    }
  }

  const Children children_;
  Progress& progress_;
  int signals_;
  int supervisor_;
};

/// Where no pid namespace ends with its first process: a process that waits for the end of this one
/// and then ends everybody else. It lives under the same Landlock layer, which keeps its signals
/// inside.
int StartGuard() {
  const int init = os::OpenProcess(os::ProcessId());
  if (init < 0) return init;
  const int guard = os::RawFork();
  if (guard != 0) {
    os::CloseFd(init);
    return guard;
  }
  os::DropLastCapability();
  os::ForgetArguments("ambit-guard");
  os::SetNotDumpable();
  os::CloseAbove2(&init, 1, true);
  os::ReleaseStdinStdout();
  while (os::WaitReadable(&init, 1, -1) == 0) {
  }
  os::KillEverybodyElse();
  os::ExitNow(0);
}

/// Memory for the one T of this process, made without allocating.
template <class T, class... Args>
T& Make(Args&&... args) {
  alignas(T) static unsigned char room[sizeof(T)];
  return *new (room) T(std::forward<Args>(args)...);
}

/// All but the listener; -errno.
int SetUpBroker(const Prepared& prepared, const Filter& filter, Gate& gate) {
  if (const int r = os::KeepOwnDescriptorsOpen(); r < 0) return r;
  // It empties and extends files on behalf of processes that have this limit.
  if (prepared.limit.file_size) {
    const int r = os::LowerLimit(os::Resource::kFileSize, *prepared.limit.file_size);
    if (r < 0) return r;
  }
  if (const int r = os::InstallSeccomp(filter.instructions, filter.count); r < 0) return r;
  return gate.HoldAnchors();
}

/// The process that answers the calls of the command's processes. It ends with the last of them,
/// with status 0, or with PID 1.
[[noreturn]] void RunBroker(const Prepared& prepared, const policy::Policy& policy,
                            const Filter& filter, const Progress& progress,
                            const InitPipes& pipes) {
  // Without a pid namespace the command does not end with PID 1 in the same moment, and would find
  // itself without answers; there the guard ends us together.
  if (!prepared.shared_host) os::DieWithParent();
  os::CloseFd(pipes.listener_in);
  os::ForgetArguments("ambit-broker");
  os::SetNotDumpable();
  // All that takes time comes first: the command waits for its first answer.
  Gate gate(policy, prepared.mediation);
  RefusalChannel refusals(policy, progress, pipes.supervisor);
  const Broker::Options options{.opens = prepared.mediation.opens,
                                .changes = prepared.mediation.needed,
                                .fenced = prepared.mediation.needed && prepared.landlock_abi != 0,
                                .shared_host = prepared.shared_host,
                                .own_shm = prepared.own_shm,
                                .traces = os::HasTraceCapability(),
                                .captured = pipes.captured,
                                .doors = prepared.proxy.wanted ? &prepared.proxy : nullptr};
  const int ready = SetUpBroker(prepared, filter, gate);
  auto& shared = Make<BrokerShared>(policy, prepared.denied_files, refusals);
  auto& broker = Make<Broker>(gate, options, shared);
  if (ready >= 0) broker.Rehearse();
  auto& crew = Make<BrokerCrew>(gate, options, shared, broker,
                                prepared.limit.processes ? 1 : BrokerCrew::kMostThreads);
  // In a copy of a process that was ended while it was copied, the C library does not know who it
  // is and refuses its locks (the kernel clears the number, set_tid_address(2)): all would wait.
  if (!ChangeLock::Holder(shared.changes, ChangeLock::Kind::kBesideOthers, {})) {
    os::ExitNow(kSetupFailed);
  }
  // Where the host refuses filters the command's process has none either, and says so: it is let.
  const int listener = TakeListener(prepared, pipes);
  if (ready < 0 || listener < 0) os::ExitNow(kSetupFailed);
  os::ExitNow(crew.Run(listener) == 0 ? 0 : kSetupFailed);
}

}  // namespace

void RunSandboxInit(Prepared& prepared, const policy::Policy& policy, const Filters& filters,
                    Progress& progress, const InitPipes& pipes) {
  if (!prepared.launched) Report(progress, Step::kNamespaces, 0);
  // Without a pid namespace nobody else would end the rest then; we hear of it on the channel.
  if (!prepared.shared_host) os::DieWithParent();
  const int signals = os::BlockSignals();
  if (signals < 0) {
    Report(progress, Step::kNamespaces, signals);
    os::ExitNow(kSetupFailed);
  }
  if (!SetUpSandbox(prepared, progress, pipes.doors)) os::ExitNow(kSetupFailed);
  Watch::Children children;
  if (prepared.shared_host) {
    children.guard = StartGuard();  // before there is anybody to end
    if (!Report(progress, Step::kFork, children.guard)) os::ExitNow(kSetupFailed);
  }
  int r = 0;
  if (prepared.NeedsBroker()) {
    r = children.broker = os::RawFork();
    if (r == 0) RunBroker(prepared, policy, filters.broker, progress, pipes);
    if (r > 0) r = os::DropLastCapability();
  }
  if (!Report(progress, Step::kFork, r)) os::ExitNow(kSetupFailed);
  // The broker's ends are the broker's alone, so that whoever waits for it sees when it is gone.
  os::CloseFd(pipes.listener_out);
  if (pipes.captured >= 0) os::CloseFd(pipes.captured);
  os::ForgetArguments("ambit-init");
  // From here on we are not dumpable: such a process owns nothing in its own /proc directory, which
  // the set-up needed.
  children.command = StartCommand(prepared, filters.command, progress, pipes);
  if (children.command < 0) {
    Report(progress, Step::kFork, children.command);
    os::ExitNow(kSetupFailed);
  }
  os::CloseFd(pipes.listener_in);
  if (pipes.leave >= 0) os::CloseFd(pipes.leave);
  Watch(children, progress, signals, pipes.supervisor).Run();
  progress.stragglers = EndStragglers(children.broker, children.guard);
  os::ExitNow(0);
}

}  // namespace ambit::run
