#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/file_view.h"
#include "base/host_facts.h"
#include "base/result.h"
#include "cli/finding.h"
#include "cli/load.h"
#include "cli/options.h"

namespace ambit::cli {

/// What became of one profile.
struct ProfileState {
  std::string name;
  bool is_default = false;        ///< What a command with these options would get.
  std::optional<Error> refused;   ///< Why nothing starts under it, on this host.
  std::vector<plan::Gap> gaps{};  ///< What this host cannot enforce of it.
};

/// Everything that `check` found out.
struct Examination {
  Findings findings;
  std::vector<ProfileState> profiles;
  std::string profile;       ///< The one that a command would get; empty when none.
  std::string choice;        ///< For people: that profile, and why.
  std::size_t widening = 0;  ///< How many keys widen access.
};

/// The disk and the machine. `look_up` finds what patterns match, as run::LookUpMatches does.
struct Host {
  const FileView& files;
  std::function<Result<>(policy::Policy&)> look_up;
  Result<HostFacts> facts;
};

/// Reads every layer and requirement, compiles every profile and plans it for the host. Never stops
/// at a problem: only what depends on it is left out. A problem is an error when it stops a start
/// with these options, else a warning.
Examination Examine(const PolicyOptions& options, const Surroundings& around, const Host& host);

}  // namespace ambit::cli
