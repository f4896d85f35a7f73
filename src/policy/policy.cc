#include "policy/policy.h"

#include <algorithm>

#include "base/path_text.h"
#include "policy/merge_sort.h"

namespace ambit::policy {

std::string_view ToWord(Access access) {
  switch (access) {
    case Access::kRead:
      return "read";
    case Access::kWrite:
      return "write";
    case Access::kNone:
      break;
  }
  return "deny";
}

bool IsFloor(Origin origin) { return origin == Origin::kManaged || origin == Origin::kMatched; }

namespace {

/// Sorts by path. Rules are large, so what is moved about is where they are.
void SortRules(std::vector<PathRule>& rules) {
  if (std::ranges::is_sorted(rules, {}, &PathRule::path)) return;
  std::vector<PathRule*> order;
  order.reserve(rules.size());
  for (PathRule& rule : rules) order.push_back(&rule);
  SortMostlySorted(order, [](const PathRule* rule) -> const std::string& { return rule->path; });
  std::vector<PathRule> sorted;
  sorted.reserve(rules.size());
  for (PathRule* rule : order) sorted.push_back(std::move(*rule));
  rules = std::move(sorted);
}

/// The deepest floor at or above the rule `index`, when all above it have theirs.
std::size_t FloorOf(const Policy& policy, std::size_t index) {
  const PathRule& rule = policy.rules[index];
  if (IsFloor(rule.origin)) return index;
  std::string_view path = rule.path;
  while (path != "/") {
    path = ParentPath(path);
    const std::size_t above = policy.IndexOf(path);
    if (above != Policy::kNoRule) return policy.floor_above[above];
  }
  return Policy::kNoRule;
}

}  // namespace

void Policy::Reindex() {
  SortRules(rules);
  index.Build(rules);
  floor_above.assign(rules.size(), kNoRule);
  const auto is_floor = [](const PathRule& rule) { return IsFloor(rule.origin); };
  if (std::ranges::none_of(rules, is_floor)) return;
  // What is above a path sorts before it.
  for (std::size_t i = 0; i < rules.size(); ++i) floor_above[i] = FloorOf(*this, i);
}

void Policy::Append(std::vector<PathRule> more) {
  SortRules(more);
  for (PathRule& rule : more) {
    rules.push_back(std::move(rule));
    index.AddLast(rules);
    floor_above.push_back(kNoRule);
    floor_above.back() = FloorOf(*this, rules.size() - 1);
  }
}

}  // namespace ambit::policy
