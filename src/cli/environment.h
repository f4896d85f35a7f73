#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// Lists of NAME=value, as a process is given them.
namespace ambit::cli {

/// The value of `name`; nullopt when it is not set. The first of several counts, as for getenv(3).
std::optional<std::string> Lookup(std::span<const std::string> environment, std::string_view name);

/// Gives `name` this value and no other.
void SetVariable(std::vector<std::string>& environment, std::string_view name,
                 std::string_view value);

}  // namespace ambit::cli
