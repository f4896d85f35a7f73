#include "config/assembly.h"

#include <utility>

#include "config/binding.h"
#include "config/builtins.h"
#include "config/lineage.h"
#include "config/merge.h"
#include "config/older_settings.h"
#include "config/profile_reader.h"
#include "config/reopened.h"

namespace ambit::config {
namespace {

/// `:workspace` as the merged `[sandbox_workspace_write]` of all layers changes it.
Result<Node> ShapeOlder(Node workspace, const std::vector<Layer>& layers) {
  Node merged;
  for (const Layer& layer : layers) {
    const Node* const table = layer.root.Find("sandbox_workspace_write");
    if (table) merged = MergeOver(std::move(merged), *table);
  }
  AMBIT_TRY(const OlderTable older, ReadOlderTable(merged));
  return ShapeWorkspace(std::move(workspace), older);
}

}  // namespace

SourceRef PlaceOfProfile(const std::string& name, const Candidates& candidates) {
  if (IsBuiltin(name)) return {kBuiltinFile, 0, 0};
  const Member* const member = candidates.profiles.FindMember(name);
  return member ? member->key_place.Ref() : SourceRef{};
}

Result<Assembly> Assemble(const Sources& sources, const FileView& files, Problems* problems) {
  Assembly all;
  AMBIT_TRY(all.layers, LoadLayers(sources, files, all.notices, problems));
  if (problems) NoticeReopened(all.layers, all.notices);
  AMBIT_TRY(all.requirements, LoadRequirements(sources, files, all.layers, all.notices, problems));
  AMBIT_TRY(all.candidates, GatherProfiles(all.layers, all.requirements, problems));
  return all;
}

namespace {

/// `parents` resolves the parents of the profile it is given.
template <class Parents>
Result<Settled> SettleWith(const Sources& sources, const Assembly& assembly, Parents parents) {
  const Requirements& requirements = assembly.requirements;
  const Candidates& candidates = assembly.candidates;
  Settled out;
  Selected& selected = out.selected;
  selected.notices = assembly.notices;
  AMBIT_TRY(const Choice choice,
            Choose(sources, assembly.layers, requirements, candidates, selected.notices));
  AMBIT_TRY(Lineage lineage, parents(choice.name));
  if (choice.older && choice.name == kWorkspace) {
    AMBIT_TRY(lineage.merged, ShapeOlder(std::move(lineage.merged), assembly.layers));
  }
  AMBIT_TRY(selected.profile,
            ReadProfile(choice.name, lineage.merged, PlaceOfProfile(choice.name, candidates)));
  selected.profile.unrestricted = choice.name == kFullAccess;
  selected.profile.managed = candidates.managed.Find(choice.name) != nullptr;
  AMBIT_CHECK(Bind(requirements, choice, lineage.merged, selected.profile, selected.notices));
  selected.lineage = std::move(lineage.names);
  selected.how = choice.how;
  selected.managed_denies = requirements.deny_read;
  selected.managed_network = requirements.network;
  selected.require_engine = requirements.require_engine;
  selected.require_proof = requirements.require_proof;
  out.table = std::move(lineage.merged);
  out.chosen_at = choice.from;
  return out;
}

}  // namespace

Result<Settled> Settle(const Sources& sources, const Assembly& assembly) {
  return SettleWith(sources, assembly, [&](const std::string& name) {
    return ResolveParents(name, assembly.candidates);
  });
}

Result<Settled> Settle(const Sources& sources, Assembly&& assembly) {
  return SettleWith(sources, assembly, [&](const std::string& name) {
    return ResolveParents(name, std::move(assembly.candidates));
  });
}

}  // namespace ambit::config
