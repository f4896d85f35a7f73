#pragma once

#include <string>
#include <vector>

#include "base/host_abilities.h"
#include "cli/host_state.h"

namespace ambit::cli {

/// What a host lacks, and what to do about it there. Never to switch a protection off for
/// everybody: each remedy gives ambit, or this one container, what it needs.
struct Remedy {
  std::string problem;
  std::string text;  ///< One or more lines; commands are indented.
};

/// In the order in which they should be looked at. Empty: nothing is missing.
std::vector<Remedy> RemediesFor(const HostAbilities& abilities, const HostState& state);

}  // namespace ambit::cli
