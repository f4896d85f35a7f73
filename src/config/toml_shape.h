#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace ambit::config {

/// The most dotted parts a key or a table header may have.
inline constexpr std::size_t kMaxKeyParts = 32;

/// Looks at a text before it is parsed and refuses what the parser cannot be given safely:
/// - keys with more than kMaxKeyParts dotted parts: each part becomes a table in a table, and a
/// file
///   of nothing but dots must not cost us the stack;
/// - characters outside ASCII anywhere but in strings and comments. TOML has none there, and the
///   parser's tables of letters have undefined behaviour for some of them.
/// Anything else about the text is the parser's business. Errors: kInvalidConfig with the place.
Result<> CheckTomlShape(std::string_view text, const std::string& file);

/// The end of the string that starts at `at` of `text`, where a quote is: just behind its last one.
/// A string that never ends stops at its line's end, or the text's; the parser reports it.
std::size_t SkipTomlString(std::string_view text, std::size_t at);

}  // namespace ambit::config
