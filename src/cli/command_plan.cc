#include <fmt/format.h>

#include "cli/command.h"
#include "cli/load.h"
#include "cli/report.h"
#include "plan/op.h"
#include "plan_linux/bwrap_arguments.h"
#include "run/launcher.h"

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

/// The same, with what bwrap would be told; the numbers of descriptors are not known yet.
std::string WithBwrap(const Planned& planned, bool json) {
  const Result<os::SystemProgram> bwrap = run::FindBwrap();
  const plan_linux::BwrapSituation situation{.set_id = bwrap && bwrap->set_id,
                                             .uid = planned.host.uid};
  const plan_linux::BwrapArguments call = plan_linux::BwrapArgumentsFor(planned.plan, situation);
  if (!json) return Text(planned.plan) + plan_linux::RenderText(call);
  std::string out = plan::RenderJson(planned.plan);
  out.resize(out.rfind('}'));
  return out + ",\"bwrap\":" + plan_linux::RenderJson(call) + "}\n";
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
  if (planned.engines.front() == Engine::kBubblewrap && !planned.plan.unrestricted) {
    return WithBwrap(planned, options.json);
  }
  return options.json ? plan::RenderJson(planned.plan) : Text(planned.plan);
}

}  // namespace

int Plan(const Options& options) { return AnswerOrRefuse(Render(options)); }

}  // namespace ambit::cli
