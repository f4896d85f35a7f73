#include "config/lineage.h"

#include <algorithm>
#include <utility>

#include "base/path_text.h"
#include "config/builtins.h"
#include "config/merge.h"
#include "config/table_reader.h"

namespace ambit::config {
namespace {

constexpr std::string_view kParentBuiltins[] = {kReadOnly, kWorkspace};

std::string Quoted(std::string_view name) { return "'" + Printable(name) + "'"; }

Result<> CheckParent(const std::string& child, const Node& extends, const Candidates& candidates) {
  const std::string& parent = extends.text;
  const std::string start = "profile " + Quoted(child) + " extends " + Quoted(parent);
  if (parent.starts_with(':')) {
    if (std::ranges::find(kParentBuiltins, std::string_view(parent)) != std::end(kParentBuiltins)) {
      return {};
    }
    return Fail(
        ErrorCode::kInvalidConfig,
        start + ", which cannot be a parent; built-in parents are " + ListWords(kParentBuiltins),
        extends.where.Ref());
  }
  if (candidates.Defines(parent)) return {};
  const std::string define =
      parent.empty() ? "; " : "; define it as [permissions." + QuoteKey(parent) + "] or ";
  std::vector<std::string_view> names(std::begin(kParentBuiltins), std::end(kParentBuiltins));
  for (const Member& profile : candidates.profiles.members) names.push_back(profile.key);
  return Fail(ErrorCode::kInvalidConfig,
              start + ", which is not defined" +
                  Suggestion(parent, names, define + "extend " + ListWords(kParentBuiltins)),
              extends.where.Ref());
}

Result<> CheckCycle(const std::vector<std::string>& names, const Node& extends) {
  const auto first = std::ranges::find(names, extends.text);
  if (first == names.end()) return {};
  std::string circle;
  for (auto name = first; name != names.end(); ++name) circle += Quoted(*name) + " -> ";
  return Fail(ErrorCode::kInvalidConfig,
              "profiles extend each other in a circle: " + circle + Quoted(extends.text) +
                  "; remove one 'extends'",
              extends.where.Ref());
}

Result<> CheckDepth(const std::string& name, const Node& table) {
  const Node* const files = table.Find("filesystem");
  const Node* const depth = files ? files->Find("glob_scan_max_depth") : nullptr;
  if (!depth || depth->integer >= 1) return {};
  return Fail(ErrorCode::kInvalidConfig,
              "'glob_scan_max_depth' in [" +
                  ChildPath(ChildPath("permissions", name), "filesystem") +
                  "] must be at least 1; leave it out for no limit",
              depth->where.Ref());
}

/// `take` gives the table of a profile that is defined.
template <class Take>
Result<Lineage> Resolve(const std::string& name, const Candidates& candidates, Take take) {
  Lineage lineage;
  std::vector<Node> tables;  // In step with the names: the child first.
  for (std::string next = name;;) {
    auto builtin = BuiltinTable(next);
    lineage.names.push_back(next);
    tables.push_back(builtin ? *std::move(builtin) : take(next));
    AMBIT_CHECK(CheckDepth(next, tables.back()));
    const Node* const extends = tables.back().Find("extends");
    if (!extends) break;
    AMBIT_CHECK(CheckParent(next, *extends, candidates));
    AMBIT_CHECK(CheckCycle(lineage.names, *extends));
    if (lineage.names.size() == kMaxLineage) {
      return Fail(ErrorCode::kInvalidConfig,
                  "profile " + Quoted(name) +
                      " stands on more than 255 parents; let it extend one that has fewer",
                  extends->where.Ref());
    }
    next = extends->text;
  }
  for (std::size_t i = 1; i < tables.size(); ++i) {
    for (const std::string_view own : {"description", "extends", "tests"}) tables[i].Erase(own);
  }
  std::ranges::reverse(tables);
  lineage.merged = MergeAll(std::move(tables));
  return lineage;
}

}  // namespace

Result<Lineage> ResolveParents(const std::string& name, const Candidates& candidates) {
  return Resolve(name, candidates,
                 [&](const std::string& one) { return *candidates.profiles.Find(one); });
}

Result<Lineage> ResolveParents(const std::string& name, Candidates&& candidates) {
  return Resolve(name, candidates,
                 [&](const std::string& one) { return std::move(*candidates.profiles.Find(one)); });
}

}  // namespace ambit::config
