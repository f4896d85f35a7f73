#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/profile.h"
#include "policy/policy.h"

namespace ambit::policy {

/// The environment table of a profile with its defaults filled in.
EnvironmentPolicy MakeEnvironmentPolicy(const config::EnvironmentTable& table);

/// R10.2: the variables that hold secrets of hooks and credentials, without those of hooks that the
/// profile includes by their exact names.
std::vector<std::string> SecretVariables(const HttpRules& rules,
                                         const config::EnvironmentTable& table);

/// Whether `name` matches `pattern` (`*` any run, `?` one byte; ASCII letters in either case).
bool MatchesName(std::string_view pattern, std::string_view name);

/// The command's environment: what `policy` keeps of `name_equals_value`, in its order, each name
/// once (the first counts, as for getenv(3)), then what it sets, by name. `dropped_names`, when
/// given, receives the names that were left out, in order.
std::vector<std::string> FilterEnvironment(const EnvironmentPolicy& policy,
                                           std::span<const std::string> name_equals_value,
                                           std::vector<std::string>* dropped_names);

}  // namespace ambit::policy
