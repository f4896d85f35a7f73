#include "policy/link_check.h"

#include <algorithm>
#include <string>
#include <vector>

#include "base/path_text.h"

namespace ambit::policy {
namespace {

/// The first crossed link that the command could replace, or null.
const RealPath::Crossed* Replaceable(const Policy& policy,
                                     const std::vector<RealPath::Crossed>& crossed) {
  const auto found = std::ranges::find_if(crossed, [&](const RealPath::Crossed& link) {
    return Decide(policy, ParentPath(link.link)).access == Access::kWrite;
  });
  return found == crossed.end() ? nullptr : &*found;
}

std::string Object(const Draft& draft, std::string_view spelled, Origin origin) {
  std::string out = "'" + Printable(spelled) + "'";
  if (origin == Origin::kManaged) return out + " of the administrator's deny_read";
  return out + " of profile '" + Printable(draft.profile()) + "'";
}

std::unexpected<Error> Refuse(const Draft& draft, std::string_view spelled, std::string_view real,
                              const RealPath::Crossed& link, Origin origin, const SourceRef& from) {
  // A loop has no real path to name.
  const std::string way_out = real == link.link ? "remove the link"
                                                : "name the real path '" + Printable(real) +
                                                      "' instead, or remove the link";
  return Fail(ErrorCode::kInvalidConfig,
              Object(draft, spelled, origin) + " leads through the link '" + Printable(link.link) +
                  "', which the command could replace; " + way_out,
              from);
}

}  // namespace

Result<> CheckLinks(Draft& draft) {
  for (const Request& request : draft.requests) {
    const PathRule& rule = request.rule;
    // A grant that lost to a stronger entry has no effect that a link could take away. One that
    // says the same as another is judged by itself: which of them came first means nothing.
    if (request.lost && rule.access != Access::kNone) continue;
    const RealPath::Crossed* link = Replaceable(draft.policy, request.crossed);
    if (link == nullptr) continue;
    if (rule.access != Access::kWrite) {
      return Refuse(draft, request.spelled(), rule.path, *link, rule.origin, rule.from);
    }
    draft.policy.notices.push_back(
        {Object(draft, request.spelled(), rule.origin) + " leads through the link '" +
             Printable(link->link) +
             "', which the command could replace before the next start; name the real path '" +
             Printable(rule.path) + "' instead",
         rule.from});
  }
  for (const PatternRequest& request : draft.patterns) {
    const RealPath::Crossed* link = Replaceable(draft.policy, request.crossed);
    if (link == nullptr) continue;
    const PatternRule& rule = request.rule;
    return Refuse(draft, JoinPath(request.spelled, rule.glob.text()),
                  JoinPath(rule.base, rule.glob.text()), *link, rule.origin, rule.from);
  }
  return {};
}

}  // namespace ambit::policy
