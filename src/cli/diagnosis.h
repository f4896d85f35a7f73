#pragma once

#include <string>
#include <vector>

#include "base/host_abilities.h"
#include "cli/host_state.h"
#include "cli/remedies.h"

namespace ambit::cli {

/// What `ambit doctor` has to tell.
struct Diagnosis {
  HostAbilities abilities;
  HostState state;
  std::vector<Remedy> remedies;
};

/// Whether some engine can enforce `:workspace`.
bool IsUsable(const HostAbilities& abilities);

std::string ToText(const Diagnosis& diagnosis);
/// One object.
std::string ToJson(const Diagnosis& diagnosis);

}  // namespace ambit::cli
