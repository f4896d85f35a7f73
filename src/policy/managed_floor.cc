#include "policy/managed_floor.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

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

/// The managed rules alone, found by their paths: a question costs the depth of its path, however
/// many entries and requirements there are.
class Floors {
 public:
  explicit Floors(const Draft& draft) {
    for (const Request& request : draft.requests) {
      if (request.rule.origin != Origin::kManaged) continue;
      by_path_.emplace(request.spelled(), &request.rule);
      by_path_.emplace(request.rule.path, &request.rule);
    }
    for (const PatternRequest& request : draft.patterns) {
      if (request.rule.origin == Origin::kManaged) patterns_.push_back(&request);
    }
  }

  /// The managed rule over `spelled`; `from` is null when there is none. One at the very path
  /// comes last: what is above it closes more.
  [[nodiscard]] Floor Over(std::string_view spelled) const {
    for (std::string_view at = spelled; at != "/" && !by_path_.empty();) {
      at = ParentPath(at);
      if (const auto found = by_path_.find(at); found != by_path_.end()) {
        return {found->second->given, &found->second->from, false};
      }
    }
    for (const PatternRequest* request : patterns_) {
      const PatternRule& rule = request->rule;
      if (Covers(rule, request->spelled, spelled) || Covers(rule, rule.base, spelled)) {
        return {rule.given, &rule.from, false};
      }
    }
    const auto found = by_path_.find(spelled);
    if (found == by_path_.end()) return {};
    return {found->second->given, &found->second->from, true};
  }

 private:
  std::unordered_map<std::string_view, const PathRule*> by_path_;
  std::vector<const PatternRequest*> patterns_;
};

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
  const Floors floors(draft);
  for (const Request& request : draft.requests) {
    if (!request.open_grant || request.rule.access == Access::kNone) continue;
    const Floor floor = floors.Over(request.spelled());
    if (floor.from == nullptr || (floor.same_path && request.scoped)) continue;
    const std::string word = "grants '" + std::string(ToWord(request.rule.access)) + "' inside";
    return Refuse(draft, request.rule.given, word, floor, request.rule.from);
  }
  if (!RootsGetAccess(draft.selected.profile)) return {};
  for (const Root& root : draft.roots) {
    if (!root.named) continue;
    const Floor floor = floors.Over(root.given);
    if (floor.from == nullptr) continue;
    return Refuse(draft, root.given, "makes a workspace root of", floor, root.from);
  }
  return {};
}

}  // namespace ambit::policy
