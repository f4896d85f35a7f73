#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace ambit::config {

/// The most dotted parts a key or a table header may have.
inline constexpr std::size_t kMaxKeyParts = 32;

/// Refuses keys with more than kMaxKeyParts dotted parts before the text is parsed: each part
/// becomes a table in a table, and a file of nothing but dots must not cost us the stack. Looks at
/// strings, comments and dots only; anything else about the text is the parser's business.
/// Errors: kInvalidConfig with the place of the key.
Result<> CheckTomlShape(std::string_view text, const std::string& file);

}  // namespace ambit::config
