#include "policy/missing.h"

#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/path_text.h"

namespace ambit::policy {
namespace {

/// The first component of a rule's path that does not exist.
std::string FirstMissing(const PathRule& rule) {
  const std::string_view rest = RelativeTo(rule.path, rule.deepest_existing);
  return JoinPath(rule.deepest_existing, rest.substr(0, rest.find('/')));
}

}  // namespace

void CloseFirstMissing(Draft& draft) {
  Policy& policy = draft.policy;
  std::vector<PathRule> added;
  std::unordered_set<std::string> closed;
  for (const PathRule& rule : policy.rules) {
    if (rule.kind != FileKind::kMissing || rule.access == Access::kWrite) continue;
    if (Decide(policy, rule.deepest_existing).access != Access::kWrite) continue;
    PathRule first = rule;
    first.path = FirstMissing(rule);
    if (policy.HasRule(first.path) || !closed.insert(first.path).second) continue;
    first.access = Access::kRead;
    added.push_back(std::move(first));
  }
  if (added.empty()) return;
  for (PathRule& rule : added) policy.rules.push_back(std::move(rule));
  policy.Reindex();
}

}  // namespace ambit::policy
