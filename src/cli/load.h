#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/file_view.h"
#include "base/host_facts.h"
#include "base/result.h"
#include "cli/engine.h"
#include "cli/options.h"
#include "cli/step_timer.h"
#include "config/config.h"
#include "plan/op.h"
#include "policy/policy.h"

/// The way from options and environment to a policy and a plan, the same for every command.
namespace ambit::cli {

/// The process as it was started.
struct Surroundings {
  std::vector<std::string> environment;  ///< NAME=value
  std::string directory;                 ///< Absolute; "" when it cannot be told.
  std::uint32_t uid = 0;
  std::string host_name;
};

/// Asks the system for all of it.
Surroundings CurrentSurroundings();

/// The user's home: $HOME, else what /etc/passwd says; "" when nothing says it.
std::string HomeOf(const Surroundings& around, const FileView& files);

/// A policy, and how it came about.
struct Loaded {
  config::Selected selected;
  policy::Policy policy;
  std::string home;             ///< The user's home, may be empty.
  std::string state_directory;  ///< See StateDirectory.

  /// Which profile was chosen, and why, in words for people.
  [[nodiscard]] std::string Choice() const;
};

/// Loads, selects and resolves. Relative paths among the options are taken from the directory we
/// were started in, whatever `--cd` says.
Result<Loaded> LoadPolicy(const PolicyOptions& options, const Surroundings& around,
                          const FileView& files, StepTimer& timer);

/// What the options and the process say about a start.
Result<policy::Surroundings> PolicySurroundings(const PolicyOptions& options,
                                                const config::Sources& sources,
                                                const Surroundings& around);

/// The same from the real disk, with what the patterns match on it.
Result<Loaded> LoadForThisHost(const PolicyOptions& options, const Surroundings& around,
                               StepTimer& timer);

/// A plan and the host it was made for.
struct Planned {
  HostFacts host;
  plan::Plan plan;
  std::vector<Engine> engines;  ///< The plan is for the first; the others may be tried after it.
};

/// The plan for a host and an engine. Errors: what plan_linux::Lower refuses.
Result<plan::Plan> PlanFor(const policy::Policy& policy, const HostFacts& host, Engine engine);
/// The same for the best engine that the requirements permit. Errors: they permit none.
Result<plan::Plan> PlanFor(const config::Selected& selected, const policy::Policy& policy,
                           const HostFacts& host);

/// Probes this host and lowers the policy to a plan for it, for the engine asked for or the best.
Result<Planned> MakePlan(const Loaded& loaded, std::optional<Engine> asked, StepTimer& timer);

/// What config::LoadAndSelect is to read.
Result<config::Sources> SourcesFor(const PolicyOptions& options, const Surroundings& around,
                                   const FileView& files);

/// Puts the notices on standard error.
void SayWarnings(const Loaded& loaded);

/// What a plan cannot give, in words for people.
std::string GapText(const plan::Gap& gap);

}  // namespace ambit::cli
