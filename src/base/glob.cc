#include "base/glob.h"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <limits>
#include <utility>

#include "base/utf8.h"

namespace ambit {
namespace {

using glob::Alternative;
using glob::Component;
using glob::Token;
using glob::Tokens;

bool Accepts(const Token& token, std::uint32_t code) {
  if (token.kind == Token::Kind::kAnyOne) return true;
  if (token.kind == Token::Kind::kCharacter) return token.code == code;
  const bool member = std::ranges::any_of(token.ranges, [code](const glob::Range& range) {
    return range.first <= code && code <= range.last;
  });
  return member != token.negated;
}

/// Only the last star is ever reconsidered: an earlier one that matched as little as it could left
/// the most to what follows. So the cost is at most name times pattern.
bool MatchesSpelling(const Tokens& pattern, std::string_view name) {
  std::size_t at = 0;
  std::size_t after_star = 0;  // 0: no star so far
  std::string_view star_rest;
  while (!name.empty()) {
    if (at < pattern.size() && pattern[at].kind == Token::Kind::kAnyRun) {
      after_star = ++at;
      star_rest = name;
      continue;
    }
    const Utf8Character next = DecodeUtf8(name);
    if (at < pattern.size() && Accepts(pattern[at], next.code)) {
      name.remove_prefix(next.length);
      ++at;
      continue;
    }
    if (after_star == 0) return false;
    if (after_star == pattern.size()) return true;
    star_rest.remove_prefix(DecodeUtf8(star_rest).length);
    name = star_rest;
    at = after_star;
  }
  while (at < pattern.size() && pattern[at].kind == Token::Kind::kAnyRun) ++at;
  return at == pattern.size();
}

bool MatchesComponent(const Component& component, std::string_view name) {
  return std::ranges::any_of(component.spellings, [name](const Tokens& spelling) {
    return MatchesSpelling(spelling, name);
  });
}

/// A character that `token` accepts.
std::uint32_t ExampleOf(const Token& token) {
  if (token.kind == Token::Kind::kCharacter) return token.code;
  if (token.kind == Token::Kind::kAnyOne) return 'x';
  if (!token.negated) return token.ranges.empty() ? 'x' : token.ranges.front().first;
  std::uint32_t code = 'x';
  while (!Accepts(token, code)) ++code;
  return code;
}

std::string ExampleOf(const Component& component) {
  std::string shortest;
  std::string longer;
  for (const Token& token : component.spellings.front()) {
    AppendUtf8(longer, token.kind == Token::Kind::kAnyRun ? 'x' : ExampleOf(token));
    if (token.kind != Token::Kind::kAnyRun) AppendUtf8(shortest, ExampleOf(token));
  }
  const bool is_name = !shortest.empty() && shortest != "." && shortest != "..";
  return is_name ? shortest : longer;
}

/// How far the components read so far may have come in one alternative: bit i says that components
/// 0..i-1 of the pattern are used up, so bit size() is a match.
class Progress {
 public:
  Progress(const Alternative& pattern, std::optional<std::uint32_t> max_depth)
      : pattern_(pattern), active_(Skip(1)) {
    const auto first = std::ranges::find(pattern, true, &Component::any_depth);
    if (!max_depth || first == pattern.end()) return;
    limit_ = static_cast<std::uint64_t>(first - pattern.begin()) + *max_depth;
  }

  /// Reads one more name.
  void Step(std::string_view name) {
    std::uint64_t next = 0;
    for (std::uint64_t left = active_ & Unfinished(); left != 0; left &= left - 1) {
      const auto at = static_cast<std::size_t>(std::countr_zero(left));
      const std::uint64_t bit = left & (~left + 1);
      if (pattern_[at].any_depth) {
        next |= bit;
        if (at + 1 == pattern_.size()) next |= bit << 1;
      } else if (MatchesComponent(pattern_[at], name)) {
        next |= bit << 1;
      }
    }
    active_ = Skip(next);
    ++count_;
  }

  [[nodiscard]] bool matched() const {
    return (active_ >> pattern_.size() & 1U) != 0 && count_ <= limit_;
  }
  /// Which components may come next, and how many more names may be read.
  [[nodiscard]] std::pair<std::uint64_t, std::uint64_t> position() const {
    if (!may_go_on()) return {0, 0};
    const bool unlimited = limit_ == std::numeric_limits<std::uint64_t>::max();
    return {active_ & Unfinished(), unlimited ? limit_ : limit_ - count_};
  }
  /// Whether a longer path could still match.
  [[nodiscard]] bool may_go_on() const { return (active_ & Unfinished()) != 0 && count_ < limit_; }

 private:
  [[nodiscard]] std::uint64_t Unfinished() const {
    return (std::uint64_t{1} << pattern_.size()) - 1;
  }

  /// `**` may stand for nothing, except at the end: "a/**" is not "a".
  [[nodiscard]] std::uint64_t Skip(std::uint64_t active) const {
    for (std::size_t i = 0; i + 1 < pattern_.size(); ++i) {
      const std::uint64_t bit = std::uint64_t{1} << i;
      if ((active & bit) != 0 && pattern_[i].any_depth) active |= bit << 1;
    }
    return active;
  }

  const Alternative& pattern_;
  std::uint64_t active_;
  std::uint64_t count_ = 0;
  std::uint64_t limit_ = std::numeric_limits<std::uint64_t>::max();
};

/// Calls `step` with every component of `relative` until it returns false.
template <class Step>
void ForEachName(std::string_view relative, Step step) {
  while (!relative.empty()) {
    const std::size_t end = std::min(relative.find('/'), relative.size());
    if (!step(relative.substr(0, end))) return;
    relative.remove_prefix(std::min(end + 1, relative.size()));
  }
}

Progress ReadAll(const Alternative& pattern, std::string_view relative,
                 std::optional<std::uint32_t> max_depth) {
  Progress progress(pattern, max_depth);
  ForEachName(relative, [&](std::string_view name) {
    progress.Step(name);
    return true;
  });
  return progress;
}

}  // namespace

Result<Glob> Glob::Compile(std::string_view pattern) {
  Glob out;
  out.text_ = pattern;
  AMBIT_TRY(out.alternatives_, glob::Parse(pattern));
  out.basename_only_ = std::ranges::all_of(out.alternatives_, [](const Alternative& one) {
    return one.size() == 2 && one[0].any_depth && !one[1].any_depth;
  });
  out.has_globstar_ = std::ranges::any_of(out.alternatives_, [](const Alternative& one) {
    return std::ranges::any_of(one, &Component::any_depth);
  });
  return out;
}

bool Glob::Matches(std::string_view relative) const { return Matches(relative, std::nullopt); }

bool Glob::Matches(std::string_view relative, std::optional<std::uint32_t> max_depth) const {
  return std::ranges::any_of(alternatives_, [&](const Alternative& one) {
    return ReadAll(one, relative, max_depth).matched();
  });
}

bool Glob::MatchesAtOrAbove(std::string_view relative,
                            std::optional<std::uint32_t> max_depth) const {
  return std::ranges::any_of(alternatives_, [&](const Alternative& one) {
    Progress progress(one, max_depth);
    bool found = false;
    ForEachName(relative, [&](std::string_view name) {
      progress.Step(name);
      found = progress.matched();
      return !found && progress.may_go_on();
    });
    return found;
  });
}

bool Glob::MayMatchBelow(std::string_view relative_dir,
                         std::optional<std::uint32_t> max_depth) const {
  return std::ranges::any_of(alternatives_, [&](const Alternative& one) {
    return ReadAll(one, relative_dir, max_depth).may_go_on();
  });
}

std::vector<std::uint64_t> Glob::PositionAt(std::string_view relative_dir,
                                            std::optional<std::uint32_t> max_depth) const {
  if (!MayMatchBelow(relative_dir, max_depth)) return {};
  std::vector<std::uint64_t> out;
  for (const Alternative& one : alternatives_) {
    const auto [next, left] = ReadAll(one, relative_dir, max_depth).position();
    out.insert(out.end(), {next, left});
  }
  return out;
}

std::string Glob::Example() const {
  const Alternative& pattern = alternatives_.front();
  std::string out;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i].any_depth && i + 1 < pattern.size()) continue;
    const std::string name = pattern[i].any_depth ? "x" : ExampleOf(pattern[i]);
    if (name.empty() || name == "." || name == "..") return "";
    if (!out.empty()) out += '/';
    out += name;
  }
  return out;
}

bool Glob::MatchesBaseName(std::string_view name) const {
  return std::ranges::any_of(
      alternatives_, [name](const Alternative& one) { return MatchesComponent(one.back(), name); });
}

bool LooksLikePattern(std::string_view text) {
  return text.find_first_of("*?[]") != std::string_view::npos;
}

PatternParts SplitFixedPrefix(std::string_view pattern) {
  const std::string_view plain = pattern.substr(0, pattern.find_first_of("*?[]{}\\"));
  const std::size_t slash = plain.rfind('/');
  if (slash == std::string_view::npos) return {"", pattern};
  return {pattern.substr(0, std::max<std::size_t>(slash, 1)), pattern.substr(slash + 1)};
}

}  // namespace ambit
