#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace ambit::glob {

/// A run of characters, both ends included (codes as in base/utf8.h).
struct Range {
  std::uint32_t first = 0;
  std::uint32_t last = 0;
};

/// One element of a name's pattern.
struct Token {
  enum class Kind : std::uint8_t {
    kCharacter,  ///< `code`.
    kAnyOne,     ///< `?`
    kAnyRun,     ///< `*`
    kSet,        ///< `[...]`: `ranges`, or all but them.
    // Gone once a pattern is parsed:
    kDoubleRun,  ///< Exactly two stars side by side.
    kSlash,
    kOpen,
    kComma,
    kClose,
  };
  Kind kind = Kind::kCharacter;
  bool negated = false;
  std::uint32_t code = 0;
  std::vector<Range> ranges;
};

using Tokens = std::vector<Token>;

/// One component: any number of names when `any_depth` (`**`), else one name in one of `spellings`.
struct Component {
  bool any_depth = false;
  std::vector<Tokens> spellings;
};

using Alternative = std::vector<Component>;

/// More components than this are refused: a set of them fits one machine word while matching.
inline constexpr std::size_t kMaxComponents = 63;

/// Turns a relative pattern into alternatives of 1 to kMaxComponents components each, no two `**`
/// in a row. Braces are multiplied out only as far as they reach over a `/` or touch a `**`.
/// Errors: kInvalidConfig, the message names the pattern and what is wrong with it.
Result<std::vector<Alternative>> Parse(std::string_view pattern);

}  // namespace ambit::glob
