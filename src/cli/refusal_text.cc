#include "cli/refusal_text.h"

#include <utility>

#include "base/path_text.h"
#include "cli/answer.h"
#include "cli/smallest_change.h"

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

}  // namespace

std::string RulePlace(const Decision& decision) {
  if (decision.pattern == nullptr && decision.rule == nullptr) return "";
  SourceRef from = decision.pattern != nullptr ? decision.pattern->from : decision.rule->from;
  from.column = 0;
  return ToString(from);
}

audit::Denial Describe(const Loaded& loaded, const run::Refusal& refusal, const FileView& files) {
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
