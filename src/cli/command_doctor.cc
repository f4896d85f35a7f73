#include "cli/bwrap_trial.h"
#include "cli/command.h"
#include "cli/diagnosis.h"
#include "cli/exit_status.h"
#include "cli/report.h"
#include "os/ability_probe.h"
#include "os/children.h"
#include "os/disk_view.h"
#include "os/process_calls.h"
#include "os/process_info.h"

namespace ambit::cli {
namespace {

/// What is not over by then hangs.
constexpr int kProbeMilliseconds = 5000;

void TryBubblewrapToo(HostAbilities& abilities) {
  abilities.bubblewrap_problem =
      TryBubblewrap(abilities.Has(Ability::kListener), kProbeMilliseconds);
  const int error = abilities.bubblewrap_problem.empty() ? 0 : HostAbilities::kInWords;
  abilities.errors[static_cast<std::size_t>(Ability::kBubblewrap)] = error;
}

}  // namespace

int Doctor(const Options& options) {
  if (const Result<> secured = os::SecureStandardStreams(); !secured) {
    Say(ErrorLine(secured.error()));
    return kRefused;
  }
  os::AdoptOrphans();
  Diagnosis diagnosis{.abilities = os::ProbeAbilities(kProbeMilliseconds),
                      .state = ReadHostState(os::DiskView(), os::Environment()),
                      .remedies = {}};
  TryBubblewrapToo(diagnosis.abilities);
  // Whoever was killed because he hung is gone before we tell, and so are those he had started.
  os::EndChildren(os::kListOfChildren, kProbeMilliseconds);
  diagnosis.remedies = RemediesFor(diagnosis.abilities, diagnosis.state);
  if (!Answer(options.json ? ToJson(diagnosis) : ToText(diagnosis))) return kRefused;
  return IsUsable(diagnosis.abilities) ? kSuccess : kNegative;
}

}  // namespace ambit::cli
