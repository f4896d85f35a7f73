#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "config/node.h"

namespace ambit::config {

/// Parses a TOML 1.0 text into nodes that know their places in `file`. Errors: kInvalidConfig with
/// file, line and column for anything that is not TOML, for keys of more than 32 dotted parts and
/// for values nested deeper than 64, which no configuration needs and no stack should pay for.
Result<Node> ReadToml(std::string_view text, const std::string& file);

}  // namespace ambit::config
