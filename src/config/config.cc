#include "config/config.h"

#include <utility>

#include "config/binding.h"
#include "config/builtins.h"
#include "config/layers.h"
#include "config/lineage.h"
#include "config/merge.h"
#include "config/older_settings.h"
#include "config/profile_reader.h"
#include "config/requirements.h"
#include "config/select.h"

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

SourceRef PlaceOfProfile(const std::string& name, const Candidates& candidates) {
  if (IsBuiltin(name)) return {kBuiltinFile, 0, 0};
  const Member* const member = candidates.profiles.FindMember(name);
  return member ? member->key_place.Ref() : SourceRef{};
}

}  // namespace

Result<Selected> LoadAndSelect(const Sources& sources, const FileView& files) {
  Selected selected;
  AMBIT_TRY(std::vector<Layer> layers, LoadLayers(sources, files, selected.notices));
  AMBIT_TRY(Requirements requirements, LoadRequirements(sources, files, layers, selected.notices));
  AMBIT_TRY(const Candidates candidates, GatherProfiles(layers, requirements));
  AMBIT_TRY(const Choice choice,
            Choose(sources, layers, requirements, candidates, selected.notices));
  AMBIT_TRY(Lineage lineage, ResolveParents(choice.name, candidates));
  if (choice.older && choice.name == kWorkspace) {
    AMBIT_TRY(lineage.merged, ShapeOlder(std::move(lineage.merged), layers));
  }
  AMBIT_TRY(selected.profile,
            ReadProfile(choice.name, lineage.merged, PlaceOfProfile(choice.name, candidates)));
  selected.profile.unrestricted = choice.name == kFullAccess;
  selected.profile.managed = candidates.managed.Find(choice.name) != nullptr;
  AMBIT_CHECK(Bind(requirements, choice, lineage.merged, selected.profile, selected.notices));
  selected.lineage = std::move(lineage.names);
  selected.how = choice.how;
  selected.managed_denies = std::move(requirements.deny_read);
  selected.managed_network = std::move(requirements.network);
  selected.require_engine = std::move(requirements.require_engine);
  selected.require_proof = requirements.require_proof;
  return selected;
}

}  // namespace ambit::config
