#include "run/keepers.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "os/channel.h"
#include "os/children.h"
#include "os/process_calls.h"

namespace ambit::run {
namespace {

constexpr int kCannotStart = 126;

/// Ends the process when `parent` is no longer there to start anything for.
void Adopt(int parent) {
  if (os::AdoptOrphans() < 0 || os::ParentProcessId() != parent) os::ExitNow(kCannotStart);
}

/// Until the supervisor has ended or has let go, or the process `below` (a pidfd) has ended.
[[noreturn]] void Keep(int line, int below) {
  const int fds[] = {std::min(line, below), std::max(line, below)};
  os::ForgetArguments("ambit-keeper");
  os::SetNotDumpable();
  os::CloseAbove2(fds, std::size(fds), true);
  os::ReleaseStandardStreams();
  while (os::WaitReadable(fds, std::size(fds), -1) == 0) {
  }
  os::ExitNow(os::EndChildren() < 0 ? 1 : 0);
}

[[noreturn]] void RunKeepers(int line, int supervisor,
                             const std::function<void(int parent)>& program) {
  Adopt(supervisor);
  const int outer = os::ProcessId();
  const os::Cloned inner = os::CloneHere();
  if (inner.pid < 0) os::ExitNow(kCannotStart);
  if (inner.pid != 0) Keep(line, inner.pidfd);
  Adopt(outer);
  const int parent = os::ProcessId();
  const os::Cloned below = os::CloneHere();
  if (below.pid == 0) {
    program(parent);
    os::ExitNow(kCannotStart);
  }
  if (below.pid < 0) os::ExitNow(kCannotStart);
  Keep(line, below.pidfd);
}

}  // namespace

Result<Keepers> StartKept(const std::function<void(int parent)>& program) {
  AMBIT_TRY(os::ChannelPair line, os::MakeChannel());
  const int supervisor = os::ProcessId();
  const os::Cloned outer = os::CloneHere();
  if (outer.pid == 0) {
    line.ours.Reset();
    RunKeepers(line.theirs.get(), supervisor, program);
  }
  if (outer.pid < 0) return FailErrno(-outer.pid, "cannot start a process");
  Keepers out;
  out.outer.Reset(outer.pidfd);
  out.line = std::move(line.ours);
  return out;
}

void EndKept(int outer, int line) {
  if (outer < 0) return;
  os::EndMessages(line);
  os::WaitPidfd(outer);
  // The end of the file: the inner one is gone as well.
  while (os::WaitReadable(&line, 1, -1) == 0) {
  }
}

}  // namespace ambit::run
