#include <fmt/format.h>

#include <cstddef>
#include <string>
#include <utility>

#include "cli/command.h"
#include "cli/environment.h"
#include "cli/exit_status.h"
#include "cli/load.h"
#include "cli/report.h"
#include "cli/run_report.h"
#include "os/disk_view.h"
#include "os/process_info.h"
#include "os/record_file.h"
#include "policy/environment.h"
#include "run/run.h"

namespace ambit::cli {
namespace {

/// What the command is given: the environment that the policy leaves, and PWD, which has to name
/// the directory it starts in.
std::vector<std::string> CommandEnvironment(const policy::Policy& policy,
                                            const std::vector<std::string>& ours,
                                            std::vector<std::string>& dropped) {
  std::vector<std::string> out = ours;
  if (!policy.unrestricted) out = policy::FilterEnvironment(policy.environment, ours, &dropped);
  if (policy.environment.inherit == config::EnvironmentInherit::kAll) {
    SetVariable(out, "PWD", policy.cwd);
  }
  return out;
}

void ExplainStart(const Loaded& loaded, const plan::Plan& plan,
                  const std::vector<std::string>& dropped) {
  Say(NoteLine(loaded.Choice()));
  if (!dropped.empty()) {
    Say(NoteLine(fmt::format("dropped from the environment: {}", fmt::join(dropped, ", "))));
  }
  for (const plan::Gap& gap : plan.gaps) {
    if (!gap.asked_for) Say(NoteLine(GapText(gap)));
  }
}

void SayBrokenPromises(const plan::Plan& plan) {
  for (const plan::Gap& gap : plan.gaps) {
    if (gap.asked_for) Say(WarningLine({"not enforced: " + gap.what, gap.from}));
  }
}

void ExplainEnd(const run::Finished& finished, const StepTimer& timer) {
  if (finished.stragglers != 0) {
    Say(NoteLine(fmt::format("ended {} process{} that the command left behind", finished.stragglers,
                             finished.stragglers == 1 ? "" : "es")));
  }
  for (const run::StepTime& step : timer.steps()) Say(StepLine(step));
  for (const run::StepTime& step : finished.steps) Say(StepLine(step));
}

/// Without a sandbox there is no operation that sets the directory.
Result<> EnterDirectory(const plan::Plan& plan, const policy::Policy& policy) {
  if (!plan.unrestricted) return {};
  return os::ChangeDirectory(policy.cwd);
}

/// Where the command could make the directory of our record itself, we make it first, so that it
/// can be closed. True when there is one now that there was not.
Result<bool> MakeStateDirectory(const Loaded& loaded) {
  if (loaded.policy.unrestricted || loaded.state_directory.empty()) return false;
  AMBIT_TRY(const RealPath real, ResolveRealPath(os::DiskView(), loaded.state_directory));
  if (real.kind != FileKind::kMissing) return false;
  if (policy::Decide(loaded.policy, real.path).access != policy::Access::kWrite) return false;
  return os::MakeOwnDirectories(real.path).has_value();
}

Result<Loaded> LoadForRun(const Options& options, const Surroundings& around,
                          const RunReport& report, StepTimer& timer) {
  PolicyOptions policy = options.policy;
  if (std::string file = report.EventsFile(); !file.empty()) policy.events_file = std::move(file);
  AMBIT_TRY(Loaded loaded, LoadForThisHost(policy, around, timer));
  AMBIT_TRY(const bool made, MakeStateDirectory(loaded));
  if (!made) return loaded;
  return LoadForThisHost(policy, around, timer);
}

/// Runs with the first engine that this host lets be used; each says so before anything of the
/// command has run.
Result<run::Finished> RunWithBest(const Planned& planned, const run::Job& job) {
  Result<run::Finished> finished = run::Run(job);
  for (std::size_t i = 1; i < planned.engines.size(); ++i) {
    if (finished || finished.error().code != ErrorCode::kUnsupported) break;
    const Engine engine = planned.engines[i];
    const auto add = [&](const Error& error) {
      finished.error().message +=
          "; with the engine '" + std::string(ToWord(engine)) + "': " + error.message;
    };
    const Result<plan::Plan> plan = PlanFor(job.policy, job.host, engine);
    if (!plan) {
      add(plan.error());
      continue;
    }
    Result<run::Finished> next =
        run::Run({job.policy, *plan, job.host, job.command, job.on_refusal});
    if (next) return next;
    add(next.error());
  }
  return finished;
}

Result<int> RunOrRefuse(const Options& options, RunReport& report) {
  StepTimer timer;
  for (const int fd : options.pass_fds) AMBIT_CHECK(os::CheckPassedDescriptor(fd));

  const Surroundings around = CurrentSurroundings();
  AMBIT_TRY(const Loaded loaded, LoadForRun(options, around, report, timer));
  if (!options.quiet) SayWarnings(loaded);
  AMBIT_TRY(const Planned planned, MakePlan(loaded, options.policy.engine, timer));
  const plan::Plan& plan = planned.plan;
  if (!options.quiet) SayBrokenPromises(plan);

  std::vector<std::string> dropped;
  const run::Command command{
      .argv = options.argv,
      .environment = CommandEnvironment(loaded.policy, around.environment, dropped),
      .pass_fds = options.pass_fds};
  if (options.verbose) ExplainStart(loaded, plan, dropped);
  AMBIT_CHECK(EnterDirectory(plan, loaded.policy));

  AMBIT_CHECK(report.Start(loaded));
  const auto on_refusal = [&report](const run::Refusal& refusal) { report.Refuse(refusal); };
  AMBIT_TRY(const run::Finished finished,
            RunWithBest(planned, {loaded.policy, plan, planned.host, command, on_refusal}));
  if (!finished.problem.empty()) {
    Say(ErrorLine({ErrorCode::kNotFound, finished.problem, 0, {}}));
  }
  if (options.verbose) ExplainEnd(finished, timer);
  report.Finish(finished.exit_status);
  return finished.exit_status;
}

int Refused(const Error& error) {
  Say(ErrorLine(error));
  return kRefused;
}

}  // namespace

int Run(const Options& options) {
  if (const Result<> secured = os::SecureStandardStreams(); !secured) {
    return Refused(secured.error());
  }
  Result<RunReport> report = RunReport::Open(options);
  if (!report) return Refused(report.error());
  const Result<int> status = RunOrRefuse(options, *report);
  if (status) return *status;
  report->Fail(status.error());
  return Refused(status.error());
}

}  // namespace ambit::cli
