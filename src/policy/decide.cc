#include <algorithm>

#include "base/path_text.h"
#include "policy/policy.h"

namespace ambit::policy {
namespace {

const PatternRule* MatchingPattern(const Policy& policy, std::string_view path) {
  for (const PatternRule& pattern : policy.patterns) {
    if (path.size() <= pattern.base.size() || !IsAtOrBelow(path, pattern.base)) continue;
    const std::string_view relative = RelativeTo(path, pattern.base);
    if (pattern.glob.MatchesAtOrAbove(relative, pattern.max_depth)) return &pattern;
  }
  return nullptr;
}

/// The index of the deepest rule at or above `path`.
std::size_t DeepestRule(const Policy& policy, std::string_view path) {
  while (true) {
    const std::size_t found = policy.IndexOf(path);
    if (found != Policy::kNoRule) return found;
    if (path == "/") return Policy::kNoRule;
    path = ParentPath(path);
  }
}

}  // namespace

Decision Decide(const Policy& policy, std::string_view path) {
  Decision out;
  if (policy.unrestricted) {
    out.access = Access::kWrite;
    return out;
  }
  // What is not an absolute path is nobody's: no rule, no access.
  if (!path.starts_with('/')) return out;
  out.pattern = MatchingPattern(policy, path);
  if (out.pattern != nullptr) return out;
  const std::size_t deepest = DeepestRule(policy, path);
  if (deepest == Policy::kNoRule) return out;
  const std::size_t floor = policy.floor_above[deepest];
  out.rule = &policy.rules[floor == Policy::kNoRule ? deepest : floor];
  out.access = floor == Policy::kNoRule ? out.rule->access : Access::kNone;
  return out;
}

Decision Explain(const Policy& policy, std::string_view path) {
  Decision out = Decide(policy, path);
  if (policy.unrestricted || !path.starts_with('/')) return out;
  const auto add_covering = [&](const std::vector<PathRule>& rules) {
    for (const PathRule& rule : rules) {
      if (&rule != out.rule && IsAtOrBelow(path, rule.path)) out.beaten.push_back(&rule);
    }
  };
  add_covering(policy.rules);
  add_covering(policy.ties_lost);
  // All of them lie on one way down, so the longer path is the deeper one.
  std::ranges::stable_sort(out.beaten, [](const PathRule* a, const PathRule* b) {
    return a->path.size() > b->path.size();
  });
  return out;
}

}  // namespace ambit::policy
