#include "cli/start.h"

#include <cstddef>
#include <string>

#include "cli/host_state.h"
#include "os/disk_view.h"

namespace ambit::cli {
namespace {

Result<run::Finished> RunWith(Engine engine, const plan::Plan& plan, const HostFacts& host,
                              const Errand& errand) {
  run::Job job{.policy = errand.policy,
               .plan = plan,
               .host = host,
               .command = errand.command,
               .on_refusal = errand.on_refusal,
               .through_bwrap = engine == Engine::kBubblewrap,
               .namespaces = errand.namespaces,
               .prove_all = errand.prove_all,
               .only_prove = errand.only_prove,
               .proxy = errand.proxy,
               .doors = errand.doors,
               .on_proxy_record = errand.on_proxy_record,
               .secrets = errand.secrets,
               .own_files = errand.own_files};
  if (errand.on_proven) {
    job.on_proven = [&errand, engine](const std::vector<run::Proven>& proof) {
      return errand.on_proven(engine, proof);
    };
  }
  return run::Run(job);
}

Result<run::Finished> PlanAndRunWith(Engine engine, const HostFacts& host, const Errand& errand) {
  AMBIT_TRY(const plan::Plan plan, PlanFor(errand.policy, host, engine));
  return RunWith(engine, plan, host, errand);
}

/// Why no engine could do it. Inside of another sandbox of ours none of their remedies helps.
std::unexpected<Error> Refused(Error error) {
  if (!IsInsideAmbit(os::DiskView())) return std::unexpected(std::move(error));
  return Fail(
      ErrorCode::kUnsupported,
      "cannot start the sandbox: this is inside of another sandbox of ambit, which lets no "
      "further one be made; run the command as it is, for the profile of that sandbox holds "
      "for it, or run ambit outside of it");
}

}  // namespace

Result<run::Finished> RunWithBest(const Planned& planned, const Errand& errand) {
  Result<run::Finished> first =
      RunWith(planned.engines.front(), planned.plan, planned.host, errand);
  for (std::size_t i = 1; i < planned.engines.size(); ++i) {
    if (first || first.error().code != ErrorCode::kUnsupported) break;
    Result<run::Finished> next = PlanAndRunWith(planned.engines[i], planned.host, errand);
    if (next || next.error().code != ErrorCode::kUnsupported) return next;
    first.error().message += "; with the engine '" + std::string(ToWord(planned.engines[i])) +
                             "': " + next.error().message;
  }
  if (!first && first.error().code == ErrorCode::kUnsupported) {
    return Refused(std::move(first.error()));
  }
  return first;
}

}  // namespace ambit::cli
