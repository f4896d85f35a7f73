#include "cli/bwrap_trial.h"

#include <csignal>
#include <utility>

#include "base/path_text.h"
#include "os/channel.h"
#include "os/launch_calls.h"
#include "os/probe.h"
#include "os/process_calls.h"
#include "plan_linux/lower.h"
#include "run/run.h"

namespace ambit::cli {
namespace {

constexpr std::size_t kMostWords = 4096;
constexpr const char* kWorks = "works";

/// The disk, read-only; live, without what nobody has.
Result<policy::Policy> TrialPolicy(bool live) {
  policy::Policy out;
  out.profile = "doctor";
  out.cwd = "/";
  policy::PathRule all;
  all.path = all.given = all.deepest_existing = "/";
  all.access = policy::Access::kRead;
  all.kind = FileKind::kDirectory;
  out.rules.push_back(std::move(all));
  if (live) {
    policy::PatternRule nothing;
    nothing.base = nothing.pin_from = "/";
    nothing.base_exists = true;
    AMBIT_TRY(nothing.glob, Glob::Compile("*.ambit-doctor"));
    out.patterns.push_back(std::move(nothing));
  }
  out.Reindex();
  return out;
}

Result<> Try(bool live) {
  AMBIT_TRY(const policy::Policy policy, TrialPolicy(live));
  AMBIT_TRY(const HostFacts host, os::ProbeHost());
  AMBIT_TRY(const plan::Plan plan,
            plan_linux::Lower(policy, host, plan_linux::Means::kCoarseMounts));
  const run::Command nothing{.argv = {"true"}, .environment = {}, .pass_fds = {}};
  AMBIT_TRY(const run::Finished finished, run::Run({.policy = policy,
                                                    .plan = plan,
                                                    .host = host,
                                                    .command = nothing,
                                                    .on_refusal = {},
                                                    .through_bwrap = true,
                                                    .only_prove = true}));
  for (const run::Proven& one : finished.proof) {
    if (one.verdict != run::Verdict::kBroken) continue;
    return Fail(ErrorCode::kSystem, one.witness.rule + " does not hold");
  }
  return {};
}

}  // namespace

std::string TryBubblewrap(bool live, int timeout_ms) {
  Result<os::Pipe> words = os::MakePipe();
  if (!words) return words.error().message;
  const int child = os::Fork();
  if (child < 0) return "no process can be made";
  if (child == 0) {
    os::DieWithParent();
    const Result<> tried = Try(live);
    os::WriteShort(words->in.get(), tried ? kWorks : tried.error().message);
    os::ExitNow(0);
  }
  // Not by a pidfd: that this host may lack them is among what is to be found out.
  words->in.Reset();
  const int fd = words->out.get();
  const bool in_time = os::WaitReadable(&fd, 1, timeout_ms) != 0;
  os::SendSignal(child, SIGKILL);
  for (int ended = 0; ended >= 0 && ended != child;) ended = os::WaitAny(true).pid;
  if (!in_time) return "it takes too long";
  const std::string why = os::ReadAvailable(words->out.get(), kMostWords);
  if (why == kWorks) return "";
  return why.empty() ? "whoever tries is killed" : Printable(why);
}

}  // namespace ambit::cli
