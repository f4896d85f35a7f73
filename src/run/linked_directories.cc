#include "run/linked_directories.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/path_text.h"

namespace ambit::run {

using policy::Access;
using policy::PathRule;
using policy::PatternRule;

LinkedDirectories::LinkedDirectories(const policy::Policy& policy, const std::string& base,
                                     const std::vector<PatternRule*>& rules,
                                     const std::vector<std::string>& skip, const FileView& disk)
    : policy_(policy), base_(base), rules_(rules), skip_(skip), disk_(disk) {
  for (const PathRule& rule : policy.rules) {
    if (rule.access == Access::kNone) continue;
    for (std::string dir = rule.path; on_the_way_.insert(dir).second && dir != "/";) {
      dir = ParentPath(dir);
    }
  }
}

Result<std::vector<LinkedDirectories::Found>> LinkedDirectories::Search(const std::string& way) {
  std::vector<Found> found;
  std::vector<Way> ways = {{way, std::string(RelativeTo(way, base_))}};
  while (!ways.empty()) {
    const Way next = std::move(ways.back());
    ways.pop_back();
    AMBIT_CHECK(Follow(next, ways, found));
  }
  return found;
}

Result<> LinkedDirectories::Follow(const Way& way, std::vector<Way>& ways,
                                   std::vector<Found>& found) {
  AMBIT_TRY(const RealPath target, ResolveRealPath(disk_, way.link));
  if (target.loop || target.kind != FileKind::kDirectory || !IsVisible(target.path)) return {};

  std::vector<os::WalkPattern> patterns;
  std::vector<std::size_t> numbers;
  for (std::size_t i = 0; i < rules_.size(); ++i) {
    if (!IsNew(i, target.path, way.name)) continue;
    patterns.push_back({&rules_[i]->glob, rules_[i]->max_depth});
    numbers.push_back(i);
  }
  AMBIT_TRY(std::vector<os::WalkMatch> matches,
            os::FindMatches({target.path, way.name, true}, patterns, 0, skip_));
  for (os::WalkMatch& match : matches) {
    std::string name = JoinPath(way.name, RelativeTo(match.path, target.path));
    if (match.way) {
      ways.push_back({std::move(match.path), std::move(name)});
      continue;
    }
    match.pattern = numbers[match.pattern];
    found.push_back({std::move(match), std::move(name)});
  }
  return {};
}

/// Whether the command can see anything of the directory `path`.
bool LinkedDirectories::IsVisible(const std::string& path) const {
  const bool skipped = std::ranges::any_of(
      skip_, [&path](const std::string& place) { return IsAtOrBelow(path, place); });
  if (skipped) return false;
  return on_the_way_.contains(path) || Decide(policy_, path).access != Access::kNone;
}

/// Whether the pattern can match something below `directory` under that name which no search so far
/// has looked for.
bool LinkedDirectories::IsNew(std::size_t rule, const std::string& directory,
                              const std::string& name) {
  const PatternRule& pattern = *rules_[rule];
  std::vector<std::uint64_t> position = pattern.glob.PositionAt(name, pattern.max_depth);
  if (position.empty()) return false;
  if (IsAtOrBelow(directory, base_) &&
      position == pattern.glob.PositionAt(RelativeTo(directory, base_), pattern.max_depth)) {
    return false;
  }
  return searched_.emplace(rule, directory, std::move(position)).second;
}

}  // namespace ambit::run
