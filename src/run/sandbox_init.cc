#include "run/sandbox_init.h"

#include <cerrno>

#include "os/process_calls.h"
#include "run/exec_command.h"
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

/// The command's process, up to exec.
[[noreturn]] void RunCommand(Prepared& prepared, const Filter& filter, Progress& progress) {
  int r = prepared.share_terminal ? 0 : os::NewSession();
  if (r >= 0) r = os::SetOpenFilesSoft(prepared.open_files_soft);
  if (r >= 0) r = ApplyLimit(prepared.limit);
  if (r >= 0) r = os::CloseAbove2(prepared.keep_fds.data(), prepared.keep_fds.size(), true);
  for (const int fd : prepared.keep_fds) {
    if (r >= 0) r = os::KeepAcrossExec(fd);
  }
  if (!Report(progress, Step::kSession, r)) os::ExitNow(kSetupFailed);
  os::ResetSignals();
  r = os::InstallSeccomp(filter.instructions, filter.count);
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

}  // namespace

void RunSandboxInit(Prepared& prepared, const Filter& filter, Progress& progress, int channel) {
  Report(progress, Step::kNamespaces, 0);
  os::DieWithParent();
  const int signals = os::BlockSignals();
  if (signals < 0) {
    Report(progress, Step::kNamespaces, signals);
    os::ExitNow(kSetupFailed);
  }
  if (!SetUpSandbox(prepared, progress)) os::ExitNow(kSetupFailed);
  const int command = os::RawFork();
  if (command == 0) RunCommand(prepared, filter, progress);
  if (!Report(progress, Step::kFork, command)) os::ExitNow(kSetupFailed);
  // Only now: a process that is not dumpable owns nothing in its own /proc directory, which the
  // set-up needed. The command's process is made by exec and decides for itself.
  os::ForgetArguments("ambit-init");
  os::SetNotDumpable();
  os::SendByte(channel, kMessageStarted);
  const int fds[] = {signals, channel};
  for (;;) {
    const int ready = os::WaitReadable(fds, 2, -1);
    if ((ready & 1) != 0) {
      while (os::NextSignal(signals).number != 0) {
      }
      if (Reap(command, progress, channel)) break;
    }
    if ((ready & 2) != 0) {
      const int signal = os::ReceiveByte(channel);
      if (signal < 0) break;  // the supervisor is gone
      os::SendSignal(command, signal);
    }
  }
  progress.stragglers = EndStragglers();
  os::ExitNow(0);
}

}  // namespace ambit::run
