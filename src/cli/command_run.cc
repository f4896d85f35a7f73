#include <fmt/format.h>

#include <cstddef>
#include <optional>
#include <string>
#include <utility>

#include "base/path_text.h"
#include "cli/attestation.h"
#include "cli/command.h"
#include "cli/environment.h"
#include "cli/exit_status.h"
#include "cli/load.h"
#include "cli/network_proxy.h"
#include "cli/report.h"
#include "cli/run_report.h"
#include "cli/start.h"
#include "os/disk_view.h"
#include "os/file_write.h"
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
                          const std::optional<std::string>& attest_file, const RunReport& report,
                          StepTimer& timer) {
  PolicyOptions policy = options.policy;
  policy.attest_file = attest_file;
  if (std::string file = report.EventsFile(); !file.empty()) policy.events_file = std::move(file);
  AMBIT_TRY(Loaded loaded, LoadForThisHost(policy, around, timer));
  AMBIT_TRY(const bool made, MakeStateDirectory(loaded));
  if (!made) return loaded;
  return LoadForThisHost(policy, around, timer);
}

/// The file of `--attest` under the name it will have: it replaces a link, so nothing may be one.
Result<std::optional<std::string>> AttestFile(const Options& options, const Surroundings& around) {
  std::optional<std::string> out;
  if (!options.attest_file) return out;
  std::string path = *options.attest_file;
  if (!path.starts_with('/')) path = JoinPath(around.directory, path);
  path = FoldPath(path);
  const os::DiskView disk;
  AMBIT_TRY(const RealPath parent, ResolveRealPath(disk, std::string(ParentPath(path))));
  path = JoinPath(parent.path, BaseName(path));
  AMBIT_TRY(const FileInfo info, disk.Lstat(path));
  if (info.kind != FileKind::kMissing && info.kind != FileKind::kRegular) {
    return Fail(ErrorCode::kInvalidConfig,
                "'--attest': '" + Printable(path) + "' is not a regular file; name another");
  }
  out = std::move(path);
  return out;
}

/// What the command could change would attest to nothing.
Result<> CheckAttestFile(const std::string& path, const policy::Policy& policy) {
  if (policy.unrestricted) {
    return Fail(ErrorCode::kUnsupported, "'--attest': profile '" + Printable(policy.profile) +
                                             "' has no sandbox that could be attested to; remove "
                                             "the option, or choose another profile");
  }
  const bool replaceable =
      policy.deny_mode == config::DenyMode::kSnapshot &&
      policy::Decide(policy, ParentPath(path)).access == policy::Access::kWrite;
  if (!replaceable && policy::Decide(policy, path).access != policy::Access::kWrite) return {};
  return Fail(ErrorCode::kInvalidConfig, "'--attest': the command could change '" +
                                             Printable(path) +
                                             "'; name a file outside of what profile '" +
                                             Printable(policy.profile) + "' lets it write to");
}

Result<int> RunOrRefuse(const Options& options, RunReport& report) {
  StepTimer timer;
  for (const int fd : options.pass_fds) AMBIT_CHECK(os::CheckPassedDescriptor(fd));
  run::NamespaceHolder namespaces;
  if (options.policy.engine.value_or(Engine::kNative) == Engine::kNative) namespaces.Start();

  Surroundings around = CurrentSurroundings();
  AMBIT_TRY(const std::optional<std::string> attest_file, AttestFile(options, around));
  AMBIT_TRY(const Loaded loaded, LoadForRun(options, around, attest_file, report, timer));
  if (attest_file) AMBIT_CHECK(CheckAttestFile(*attest_file, loaded.policy));
  if (!options.quiet) SayWarnings(loaded);
  AMBIT_TRY(const Planned planned, MakePlan(loaded, options.policy.engine, timer));
  const plan::Plan& plan = planned.plan;
  if (!options.quiet) SayBrokenPromises(plan);

  AMBIT_TRY(std::optional<NetworkProxy> proxy, NetworkProxy::For(loaded, plan, around));
  std::vector<std::string> dropped;
  run::Command command{
      .argv = options.argv,
      .environment = CommandEnvironment(loaded.policy, around.environment, dropped),
      .pass_fds = options.pass_fds};
  if (proxy) proxy->AddVariables(command.environment);
  if (options.verbose) ExplainStart(loaded, plan, dropped);
  if (options.verbose && proxy && proxy->doors().certificate) {
    Say(NoteLine(
        "TLS is looked into where the rules decide on single requests; programs are told to "
        "trust the certificates in " +
        std::string(run::kOwnFiles)));
  }
  AMBIT_CHECK(EnterDirectory(plan, loaded.policy));

  report.Prepare(loaded, planned.engines.front());
  Errand errand{.policy = loaded.policy,
                .command = command,
                .on_refusal = [&report](const run::Refusal& refusal) { report.Refuse(refusal); },
                .namespaces = &namespaces,
                .prove_all = attest_file.has_value()};
  if (proxy) {
    if (report.IsHeard()) proxy->NameClients();
    errand.proxy = proxy->Body(report.IsHeard(), true);
    errand.doors = proxy->doors();
    errand.secrets = proxy->secrets();
    errand.own_files = [&proxy](std::string_view certificate) {
      return proxy->TrustFiles(certificate);
    };
    errand.on_proxy_record = [&report](std::string_view text) { report.HearProxy(text); };
  }
  if (attest_file || report.IsHeard()) {
    errand.on_proven = [&](Engine engine, const std::vector<run::Proven>& proof) -> Result<> {
      if (attest_file) {
        const Attestation attestation = Attest(loaded, engine, proof);
        AMBIT_CHECK(os::ReplaceFile(*attest_file, ToJson(attestation)));
      }
      return report.Start(engine, proof);
    };
  }
  // Without a sandbox there is nothing to be proven first.
  if (plan.unrestricted) AMBIT_CHECK(report.Start(planned.engines.front(), {}));
  AMBIT_TRY(const run::Finished finished, RunWithBest(planned, errand));
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
