#include "cli/answer.h"

#include <string>

#include "base/path_text.h"
#include "cli/smallest_change.h"

namespace ambit::cli {
namespace {

using policy::Access;

std::string Absolute(const Loaded& loaded, const std::string& path) {
  if (path.starts_with('/')) return FoldPath(path);
  if (path == "~" || path.starts_with("~/")) return FoldPath(loaded.home + "/" + path.substr(1));
  return FoldPath(JoinPath(loaded.policy.cwd, path));
}

/// The name that a live pattern closes, of `asked` as it is written and of the links that it
/// crosses; null when there is none. Such a name opens nothing, wherever it leads.
const std::string* ClosedOnTheWay(const policy::Policy& policy, const std::string& asked,
                                  const RealPath& real) {
  if (policy.unrestricted || policy.deny_mode != config::DenyMode::kLive) return nullptr;
  const auto is_closed = [&policy](const std::string& name) {
    return policy::Decide(policy, name).pattern != nullptr;
  };
  if (is_closed(asked)) return &asked;
  for (const RealPath::Crossed& crossed : real.crossed) {
    if (is_closed(crossed.link)) return &crossed.link;
  }
  return nullptr;
}

std::string WithPlace(const std::string& text, const SourceRef& from) {
  const std::string place = ToString(from);
  return place.empty() ? text : text + "  (" + Printable(place) + ")";
}

std::string PatternText(const policy::PatternRule& pattern) {
  const bool managed = pattern.origin == policy::Origin::kManaged;
  return (managed ? "managed pattern '" : "pattern '") + Printable(pattern.given) +
         "' = \"deny\" below '" + Printable(pattern.base) + "'";
}

}  // namespace

std::string_view Verb(const Question& question) { return question.write ? "write" : "read"; }

Result<Answered> Ask(const Loaded& loaded, const Question& question, const FileView& files) {
  Answered out;
  out.question = question;
  const std::string asked = Absolute(loaded, question.path);
  AMBIT_TRY(out.path, ResolveRealPath(files, asked));
  const std::string* const closed = ClosedOnTheWay(loaded.policy, asked, out.path);
  out.decision = policy::Explain(loaded.policy, closed != nullptr ? *closed : out.path.path);
  out.allowed = out.decision.access >= (question.write ? Access::kWrite : Access::kRead);
  return out;
}

std::string RuleWithPlace(const policy::PathRule& rule) {
  std::string text = RuleText(rule);
  if (!rule.given.empty() && rule.given != rule.path) text += " for '" + Printable(rule.path) + "'";
  return WithPlace(text, rule.from);
}

std::string Reason(const policy::Policy& policy, const policy::Decision& decision) {
  if (policy.unrestricted) return "profile '" + Printable(policy.profile) + "' has no sandbox";
  if (decision.pattern != nullptr) {
    return WithPlace(PatternText(*decision.pattern), decision.pattern->from);
  }
  if (decision.rule != nullptr) return RuleWithPlace(*decision.rule);
  return "no rule covers it, so it is denied";
}

}  // namespace ambit::cli
