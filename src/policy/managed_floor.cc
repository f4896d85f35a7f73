#include "policy/managed_floor.h"

#include <algorithm>
#include <string>
#include <string_view>

#include "base/path_text.h"

namespace ambit::policy {
namespace {

/// The managed rule that closes a place, as far as its written path tells.
struct Floor {
  std::string_view given;
  const SourceRef* from = nullptr;
  bool same_path = false;
};

bool Covers(const PatternRule& pattern, std::string_view base, std::string_view path) {
  return path != base && IsAtOrBelow(path, base) &&
         pattern.glob.MatchesAtOrAbove(RelativeTo(path, base), pattern.max_depth);
}

/// The managed rule over `spelled`; `from` is null when there is none.
Floor FindFloor(const Draft& draft, std::string_view spelled) {
  for (const Request& request : draft.requests) {
    const PathRule& rule = request.rule;
    if (rule.origin != Origin::kManaged) continue;
    if (IsAtOrBelow(spelled, request.spelled) || IsAtOrBelow(spelled, rule.path)) {
      return {rule.given, &rule.from, spelled == request.spelled || spelled == rule.path};
    }
  }
  for (const PatternRequest& request : draft.patterns) {
    const PatternRule& rule = request.rule;
    if (rule.origin != Origin::kManaged) continue;
    if (Covers(rule, request.spelled, spelled) || Covers(rule, rule.base, spelled)) {
      return {rule.given, &rule.from, false};
    }
  }
  return {};
}

std::unexpected<Error> Refuse(const Draft& draft, std::string_view object, std::string_view word,
                              const Floor& floor, const SourceRef& from) {
  return Fail(ErrorCode::kDenied,
              "'" + Printable(object) + "' in profile '" + Printable(draft.profile()) + "' " +
                  std::string(word) + " what the administrator's deny_read closes with '" +
                  Printable(floor.given) + "' (" + ToString(*floor.from) + "); remove it",
              from);
}

bool RootsGetAccess(const config::Profile& profile) {
  return std::ranges::any_of(profile.filesystem, [](const config::PathEntry& entry) {
    return entry.access != config::AccessWord::kDeny &&
           (entry.key == ":workspace_roots" || entry.key == ":project_roots");
  });
}

}  // namespace

Result<> CheckOpenGrants(const Draft& draft) {
  for (const Request& request : draft.requests) {
    if (!request.open_grant || request.rule.access == Access::kNone) continue;
    const Floor floor = FindFloor(draft, request.spelled);
    if (floor.from == nullptr || (floor.same_path && request.scoped)) continue;
    const std::string word = "grants '" + std::string(ToWord(request.rule.access)) + "' inside";
    return Refuse(draft, request.rule.given, word, floor, request.rule.from);
  }
  if (!RootsGetAccess(draft.selected.profile)) return {};
  for (const Root& root : draft.roots) {
    if (!root.named) continue;
    const Floor floor = FindFloor(draft, root.given);
    if (floor.from == nullptr) continue;
    return Refuse(draft, root.given, "makes a workspace root of", floor, root.from);
  }
  return {};
}

}  // namespace ambit::policy
