#include "run/sandbox_init.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <new>
#include <string_view>
#include <vector>

#include "os/process_calls.h"
#include "os/unique_fd.h"
#include "run/broker.h"
#include "run/exec_command.h"
#include "run/gate.h"
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

/// The filter, and the listener that comes with it, which PID 1 gets.
int InstallFilter(const Prepared& prepared, const Filter& filter, const InitPipes& pipes) {
  if (!prepared.mediation.needed) return os::InstallSeccomp(filter.instructions, filter.count);
  const int listener = os::InstallSeccompWithListener(filter.instructions, filter.count);
  if (listener < 0) return listener;
  const int r = os::SendDescriptor(pipes.listener_in, listener);
  os::CloseFd(listener);
  return r;
}

/// What the command has less of than PID 1.
int NarrowCommand(const Prepared& prepared) {
  if (!prepared.mediation.needed) return 0;
  if (const int r = os::DropLastCapability(); r < 0) return r;
  return prepared.landlock_abi == 0 ? 0 : RaiseFence(prepared);
}

/// The command's process, up to exec.
[[noreturn]] void RunCommand(Prepared& prepared, const Filter& filter, Progress& progress,
                             const InitPipes& pipes) {
  int r = prepared.share_terminal ? 0 : os::NewSession();
  if (r >= 0) r = os::SetOpenFilesSoft(prepared.open_files_soft);
  if (r >= 0) r = ApplyLimit(prepared.limit);
  os::ResetSignals();
  if (!Report(progress, Step::kSession, r)) os::ExitNow(kSetupFailed);
  if (!Report(progress, Step::kFence, NarrowCommand(prepared))) os::ExitNow(kSetupFailed);
  r = InstallFilter(prepared, filter, pipes);
  if (r >= 0) r = os::CloseAbove2(prepared.keep_fds.data(), prepared.keep_fds.size(), true);
  for (const int fd : prepared.keep_fds) {
    if (r >= 0) r = os::KeepAcrossExec(fd);
  }
  if (!Report(progress, Step::kFilter, r)) os::ExitNow(kSetupFailed);
  Report(progress, Step::kExec, 0);
  r = ExecCommand(prepared);
  progress.exec_errno = -r;
  os::ExitNow(StatusOfExecFailure(-r));
}

/// Ends and reaps all that is left, so that nothing outlives PID 1 by even a moment.
std::uint32_t EndStragglers() {
  std::uint32_t count = 0;
  if (os::KillEverybodyElse() < 0) return 0;
  for (;;) {
    const os::Waited waited = os::WaitAny(true);
    if (waited.pid == -EINTR) continue;
    if (waited.pid <= 0) return count;
    if (waited.killed || waited.exited) ++count;
  }
}

/// Reaps until the command has ended. True when it has.
bool Reap(int command, Progress& progress, int channel) {
  for (;;) {
    const os::Waited waited = os::WaitAny(false);
    if (waited.pid <= 0) return false;
    if (waited.pid != command) continue;
    if (waited.stopped) {
      os::SendByte(channel, kMessageStopped);
      continue;
    }
    progress.killed = waited.killed;
    progress.code = waited.code;
    progress.finished = true;
    return true;
  }
}

/// Tells the supervisor of refusals, each object once in a row.
class RefusalChannel final : public RefusalSink {
 public:
  RefusalChannel(const policy::Policy& policy, int channel) : policy_(policy), channel_(channel) {}

  void Note(os::CallKind kind, std::string_view path, const policy::Decision& decision) override {
    const std::size_t length = std::min(path.size(), sizeof message_.path);
    if (kind == message_.kind && std::string_view(message_.path, length_) == path) return;
    length_ = length;
    std::memcpy(message_.path, path.data(), length);
    message_.kind = kind;
    message_.access = decision.access;
    message_.rule = IndexIn(policy_.rules, decision.rule);
    message_.pattern = IndexIn(policy_.patterns, decision.pattern);
    os::SendMessage(channel_, &message_, kRefusalHead + length);
  }

 private:
  template <class T>
  static std::uint32_t IndexIn(const std::vector<T>& all, const T* one) {
    if (one == nullptr) return 0xffffffff;
    return static_cast<std::uint32_t>(one - all.data());
  }

  const policy::Policy& policy_;
  int channel_;
  std::size_t length_ = 0;
  RefusalMessage message_;
};

/// PID 1 while the command runs.
class Watch {
 public:
  Watch(int command, Progress& progress, int signals, int supervisor)
      : command_(command), progress_(progress), signals_(signals), supervisor_(supervisor) {}

  /// Until the command has ended or the supervisor is gone. `broker` may be null.
  void Run(Broker* broker, int listener) {
    const int fds[] = {signals_, supervisor_, listener};
    for (;;) {
      const int ready = os::WaitReadable(fds, 3, broker == nullptr ? -1 : broker->Patience());
      if ((ready & 4) != 0 && broker->Serve() < 0) return;  // nobody could open anything any more
      if ((ready & 1) != 0 && OnSignals()) return;
      if ((ready & 2) != 0 && !OnMessage()) return;
      if (broker != nullptr && broker->Patience() >= 0) broker->Retry();
    }
  }

 private:
  /// True when the command has ended.
  bool OnSignals() {
    while (os::NextSignal(signals_).number != 0) {
    }
    return Reap(command_, progress_, supervisor_);
  }
  bool OnMessage() {
    const int signal = os::ReceiveByte(supervisor_);
    if (signal < 0) return false;  // the supervisor is gone
    os::SendSignal(command_, signal);
    return true;
  }

  int command_;
  Progress& progress_;
  int signals_;
  int supervisor_;
};

/// Memory for the one broker of this process, made without allocating.
Broker& MakeBroker(Gate& gate, const Broker::Options& options, RefusalSink& refusals) {
  alignas(Broker) static unsigned char room[sizeof(Broker)];
  return *new (room) Broker(gate, options, refusals);
}

void WatchCommand(const Prepared& prepared, const policy::Policy& policy, Watch& watch,
                  const InitPipes& pipes) {
  if (!prepared.mediation.needed) return watch.Run(nullptr, -1);
  const int listener = os::ReceiveDescriptor(pipes.listener_out);
  if (listener < 0) return watch.Run(nullptr, -1);  // the command's process says why
  os::WakeOnOurProcessor(listener);
  Gate gate(policy, prepared.mediation);
  RefusalChannel refusals(policy, pipes.supervisor);
  Broker& broker =
      MakeBroker(gate, {listener, prepared.mediation.opens, prepared.landlock_abi != 0}, refusals);
  watch.Run(&broker, listener);
}

}  // namespace

void RunSandboxInit(Prepared& prepared, const policy::Policy& policy, const Filter& filter,
                    Progress& progress, const InitPipes& pipes) {
  Report(progress, Step::kNamespaces, 0);
  os::DieWithParent();
  const int signals = os::BlockSignals();
  if (signals < 0) {
    Report(progress, Step::kNamespaces, signals);
    os::ExitNow(kSetupFailed);
  }
  if (!SetUpSandbox(prepared, progress)) os::ExitNow(kSetupFailed);
  const int command = os::RawFork();
  if (command == 0) RunCommand(prepared, filter, progress, pipes);
  if (!Report(progress, Step::kFork, command)) os::ExitNow(kSetupFailed);
  os::CloseFd(pipes.listener_in);
  // Only now: a process that is not dumpable owns nothing in its own /proc directory, which the
  // set-up needed. The command's process is made by exec and decides for itself.
  os::ForgetArguments("ambit-init");
  os::SetNotDumpable();
  os::SendByte(pipes.supervisor, kMessageStarted);
  Watch watch(command, progress, signals, pipes.supervisor);
  WatchCommand(prepared, policy, watch, pipes);
  progress.stragglers = EndStragglers();
  os::ExitNow(0);
}

}  // namespace ambit::run
