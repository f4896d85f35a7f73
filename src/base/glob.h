#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/glob_syntax.h"
#include "base/result.h"

namespace ambit {

/// A compiled path pattern, relative to a base directory, with the syntax of deny patterns:
/// `*` any run and `?` one character (a UTF-8 character, or one byte that is not valid UTF-8), both
/// inside one component; `[abc] [a-c] [!a] [^a]`; `{a,b}` nested; `\x` a literal x; `**` as a whole
/// component any number of components (none included), inside a component the same as `*`.
/// `a/**` is everything below `a`, not `a` itself. Case sensitive, leading dots are ordinary,
/// works on bytes that are not UTF-8. Matching is linear in the name times the pattern; it never
/// backtracks exponentially.
class Glob {
 public:
  /// Compiles `pattern` (relative; empty components count for nothing). Errors: kInvalidConfig for
  /// an unclosed `{`, a range that runs backwards, a "/" inside `[]`, a lone `\` at the end, a "."
  /// or ".." component, more than 63 components or 1024 alternatives; the message says which,
  /// without a place.
  static Result<Glob> Compile(std::string_view pattern);

  /// Whether `relative` (components joined by single slashes, no leading slash) matches in full.
  [[nodiscard]] bool Matches(std::string_view relative) const;

  /// The same, but the components that `**` stands for plus the rest may not exceed `max_depth`
  /// components in all: `**` then stands for nothing deeper. Patterns without `**` ignore it.
  [[nodiscard]] bool Matches(std::string_view relative,
                             std::optional<std::uint32_t> max_depth) const;

  /// Whether `relative` or one of the directories on the way to it matches (the base itself never
  /// does). Never allocates.
  [[nodiscard]] bool MatchesAtOrAbove(std::string_view relative,
                                      std::optional<std::uint32_t> max_depth) const;

  /// Whether something strictly below the directory `relative_dir` could match: a walk need not
  /// enter a directory for which this is false. May say true for nothing, never false wrongly.
  [[nodiscard]] bool MayMatchBelow(std::string_view relative_dir,
                                   std::optional<std::uint32_t> max_depth) const;

  /// How far the pattern has come at the directory `relative_dir`: two directories with equal
  /// positions have matches of the same names below them. Empty when there can be none.
  [[nodiscard]] std::vector<std::uint64_t> PositionAt(std::string_view relative_dir,
                                                      std::optional<std::uint32_t> max_depth) const;

  /// Set when the pattern is `**/` and one component: then only the last name decides.
  [[nodiscard]] bool is_basename_only() const { return basename_only_; }
  /// For basename-only patterns: whether the name alone matches.
  [[nodiscard]] bool MatchesBaseName(std::string_view name) const;

  /// A short path that matches, relative to the base. Empty when no file can be called so.
  [[nodiscard]] std::string Example() const;

  [[nodiscard]] bool has_globstar() const { return has_globstar_; }
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  std::string text_;
  std::vector<glob::Alternative> alternatives_;
  bool basename_only_ = false;
  bool has_globstar_ = false;
};

/// Whether `text` contains one of `* ? [ ]`, which makes a key a pattern.
bool LooksLikePattern(std::string_view text);

/// A pattern cut at the last "/" before its first character with a meaning (`* ? [ ] { } \`).
struct PatternParts {
  std::string_view fixed;  ///< A plain path: "/", "/a/b" or, from a relative pattern, "" or "a/b".
  std::string_view rest;   ///< What Glob::Compile takes; never empty for a pattern.
};
PatternParts SplitFixedPrefix(std::string_view pattern);

}  // namespace ambit
