#include "cli/refusal_text.h"

#include <utility>

#include "base/path_text.h"
#include "cli/answer.h"
#include "cli/smallest_change.h"
#include "cli/socket_answer.h"

namespace ambit::cli {
namespace {

using policy::Access;
using policy::Decision;

/// A rule for something below the object refuses, for example, to move the directory above it: then
/// it is the rule's own path that something has to be granted to.
const std::string& Governed(const run::Refusal& refusal) {
  const policy::PathRule* const rule = refusal.decision.rule;
  const bool below = rule != nullptr && !IsAtOrBelow(refusal.path, rule->path);
  return below ? rule->path : refusal.path;
}

/// What decided, with all it beat, as far as the policy decides so by itself.
Decision WithBeaten(const Loaded& loaded, const run::Refusal& refusal, const std::string& path) {
  Decision explained = policy::Explain(loaded.policy, path);
  const Decision& told = refusal.decision;
  const bool same = explained.rule == told.rule && explained.pattern == told.pattern;
  if (same) return explained;
  return told;
}

/// Whether the call needed more than reading. An `open` does when reading is allowed, or when there
/// is nothing yet to be read.
bool WantsWrite(const run::Refusal& refusal, const Decision& decision, const RealPath& object) {
  if (refusal.operation == "execute") return false;
  if (refusal.operation != "open") return true;
  return decision.access == Access::kRead || object.kind == FileKind::kMissing;
}

std::string WithoutColumn(SourceRef from) {
  from.column = 0;
  return ToString(from);
}

std::string RulePlace(const Decision& decision) {
  if (decision.pattern == nullptr && decision.rule == nullptr) return "";
  return WithoutColumn(decision.pattern != nullptr ? decision.pattern->from : decision.rule->from);
}

audit::Denial DescribeSocket(const Loaded& loaded, const run::Refusal& refusal) {
  const policy::SocketDecision& decision = *refusal.socket;
  const Decision file = policy::Explain(loaded.policy, refusal.path);
  Change change = SocketChange(loaded.selected, refusal.path, decision, file);
  return {.layer = "unix_socket",
          .operation = refusal.operation,
          .object = refusal.path,
          .rule = WithoutColumn(SocketRulePlace(decision, file)),
          .reason = Reason(loaded.policy, decision, file),
          .grant = std::move(change.toml),
          .advice = std::move(change.text),
          .grant_permitted = !change.managed};
}

}  // namespace

std::string RulePlace(const Loaded& loaded, const run::Refusal& refusal) {
  if (!refusal.socket) return RulePlace(refusal.decision);
  const Decision file = policy::Decide(loaded.policy, refusal.path);
  return WithoutColumn(SocketRulePlace(*refusal.socket, file));
}

audit::Denial Describe(const Loaded& loaded, const run::Refusal& refusal, const FileView& files) {
  if (refusal.socket) return DescribeSocket(loaded, refusal);
  const std::string& path = Governed(refusal);
  const Decision decision = WithBeaten(loaded, refusal, path);
  RealPath object{.path = path, .deepest_existing = path, .crossed = {}};
  // It may be gone by now, or lie behind something that we cannot look into.
  if (Result<RealPath> real = ResolveRealPath(files, path); real && real->path == path) {
    object = *std::move(real);
  }
  const bool write = WantsWrite(refusal, decision, object);
  audit::Denial out{.operation = refusal.operation,
                    .object = refusal.path,
                    .rule = RulePlace(decision),
                    .reason = Reason(loaded.policy, decision),
                    .grant = "",
                    .advice = "no change of the profile allows this",
                    .grant_permitted = true};
  if (decision.access >= (write ? Access::kWrite : Access::kRead)) return out;
  Change change = SmallestChange(loaded.selected, loaded.policy, decision, object, write);
  out.grant = std::move(change.toml);
  out.advice = std::move(change.text);
  out.grant_permitted = !change.managed;
  return out;
}

}  // namespace ambit::cli
