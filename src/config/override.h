#pragma once

#include <string_view>

#include "base/result.h"
#include "config/node.h"

namespace ambit::config {

/// Turns the `KEY=VALUE` of `-c` into a table. KEY is split at every dot, quotes do not protect;
/// VALUE is a TOML value, and a bare word that is none counts as a string.
/// Errors: kInvalidConfig; the place is "-c KEY".
Result<Node> ReadOverride(std::string_view key_and_value);

}  // namespace ambit::config
