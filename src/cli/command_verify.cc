#include "base/path_text.h"
#include "cli/attestation.h"
#include "cli/command.h"
#include "cli/exit_status.h"
#include "cli/load.h"
#include "cli/network_proxy.h"
#include "cli/report.h"
#include "cli/start.h"
#include "os/process_info.h"

namespace ambit::cli {
namespace {

Result<Attestation> Verified(const Options& options) {
  AMBIT_CHECK(os::SecureStandardStreams());
  StepTimer timer;
  Surroundings around = CurrentSurroundings();
  AMBIT_TRY(const Loaded loaded, LoadForThisHost(options.policy, around, timer));
  if (loaded.policy.unrestricted) {
    return Fail(ErrorCode::kUnsupported, "profile '" + Printable(loaded.policy.profile) +
                                             "' has no sandbox, so there is nothing to verify; "
                                             "choose another profile");
  }
  if (!options.quiet) SayWarnings(loaded);
  AMBIT_TRY(const Planned planned, MakePlan(loaded, options.policy.engine, timer));
  AMBIT_TRY(std::optional<NetworkProxy> proxy, NetworkProxy::For(loaded, planned.plan, around));
  const run::Command nothing{.argv = {"true"}, .environment = {}, .pass_fds = {}};
  Attestation out;
  Errand errand{.policy = loaded.policy,
                .command = nothing,
                .on_proven = [&](Engine engine, const std::vector<run::Proven>& proof) -> Result<> {
                  out = Attest(loaded, engine, proof);
                  return {};
                },
                .prove_all = true,
                .only_prove = true};
  if (proxy) {
    errand.proxy = proxy->Body(false, false);
    errand.doors = proxy->doors();
    errand.secrets = proxy->secrets();
  }
  AMBIT_TRY(const run::Finished finished, RunWithBest(planned, errand));
  if (finished.exit_status == 0 && !out.rules.empty()) return out;
  return Fail(ErrorCode::kSystem, "the proof was ended before it was complete; try again");
}

}  // namespace

int Verify(const Options& options) {
  const Result<Attestation> proof = Verified(options);
  if (!proof) {
    Say(ErrorLine(proof.error()));
    return kRefused;
  }
  if (!Answer(options.json ? ToJson(*proof) : ToText(*proof))) return kRefused;
  return Count(proof->rules, run::Verdict::kBroken) == 0 ? kSuccess : kNegative;
}

}  // namespace ambit::cli
