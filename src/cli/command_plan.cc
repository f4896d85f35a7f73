#include <fmt/format.h>

#include "cli/command.h"
#include "cli/load.h"
#include "cli/report.h"
#include "plan/op.h"

namespace ambit::cli {
namespace {

/// The operations, then what they cannot give, in the same form.
std::string Text(const plan::Plan& plan) {
  std::string out = plan::RenderText(plan);
  for (const plan::Gap& gap : plan.gaps) {
    out += fmt::format("{:<16} {}", "gap", OneLine(gap.what));
    if (const std::string place = ToString(gap.from); !place.empty()) {
      out += "  # " + OneLine(place);
    }
    out += '\n';
  }
  return out;
}

Result<std::string> Render(const Options& options) {
  StepTimer timer;
  AMBIT_TRY(const Loaded loaded, LoadForThisHost(options.policy, CurrentSurroundings(), timer));
  if (!options.quiet) SayWarnings(loaded);
  if (options.verbose) Say(NoteLine(loaded.Choice()));
  AMBIT_TRY(const Planned planned, MakePlan(loaded, options.policy.engine, timer));
  if (options.verbose) {
    for (const run::StepTime& step : timer.steps()) Say(StepLine(step));
  }
  return options.json ? plan::RenderJson(planned.plan) : Text(planned.plan);
}

}  // namespace

int Plan(const Options& options) { return AnswerOrRefuse(Render(options)); }

}  // namespace ambit::cli
