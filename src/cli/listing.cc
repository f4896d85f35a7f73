#include "cli/listing.h"

#include <algorithm>
#include <utility>

#include "base/path_text.h"
#include "config/builtins.h"
#include "config/lineage.h"
#include "config/table_reader.h"

namespace ambit::cli {
namespace {

std::string_view BuiltinDescription(std::string_view name) {
  if (name == config::kReadOnly) return "read the whole disk, write nothing, no network";
  if (name == config::kWorkspace) {
    return "read the whole disk, write the workspace and temporary files, no network";
  }
  return "no sandbox at all";
}

std::string Description(const std::string& name, const config::Candidates& candidates) {
  if (config::IsBuiltin(name)) return std::string(BuiltinDescription(name));
  const config::Node* const table = candidates.profiles.Find(name);
  const config::Node* const text = table ? table->Find("description") : nullptr;
  return text ? text->text : "";
}

std::optional<Error> Refusal(const Listing& listing, const std::string& name,
                             const FileView& files) {
  auto settled = config::Settle(Naming(listing.sources, name), listing.assembly);
  if (!settled) return std::move(settled).error();
  const auto policy = ResolveProfile(listing.own, settled->selected, listing.place, files);
  if (!policy) return policy.error();
  return std::nullopt;
}

}  // namespace

std::vector<std::string> ProfileNames(const config::Candidates& candidates) {
  std::vector<std::string> names(std::begin(config::kBuiltinNames),
                                 std::end(config::kBuiltinNames));
  for (const config::Member& profile : candidates.profiles.members) names.push_back(profile.key);
  return names;
}

config::Sources Naming(config::Sources sources, std::string name) {
  sources.profile = std::move(name);
  return sources;
}

Result<Listing> ListProfiles(const PolicyOptions& options, const Surroundings& around,
                             const FileView& files) {
  Listing out;
  AMBIT_TRY(out.sources, SourcesFor(options, around, files));
  AMBIT_TRY(out.place, PolicySurroundings(options, out.sources, around));
  AMBIT_TRY(out.own, OwnPlaces(out.sources, options, around));
  AMBIT_TRY(out.assembly, config::Assemble(out.sources, files));
  const config::Candidates& candidates = out.assembly.candidates;
  std::string wanted;
  if (const auto settled = config::Settle(out.sources, out.assembly)) {
    wanted = settled->selected.lineage.front();
    out.default_how = settled->selected.how;
  } else {
    out.without_default = settled.error();
  }
  for (std::string& name : ProfileNames(candidates)) {
    Listed one;
    one.from = config::PlaceOfProfile(name, candidates);
    one.description = Description(name, candidates);
    one.origin = config::IsBuiltin(name)         ? "built-in"
                 : candidates.managed.Find(name) ? "managed"
                                                 : "configured";
    one.is_default = name == wanted;
    one.refused = Refusal(out, name, files);
    one.name = std::move(name);
    out.profiles.push_back(std::move(one));
  }
  return out;
}

Result<Shown> ShowProfile(const Listing& listing, const std::optional<std::string>& name) {
  if (!name && listing.without_default) return std::unexpected(*listing.without_default);
  const auto listed = name ? std::ranges::find(listing.profiles, *name, &Listed::name)
                           : std::ranges::find(listing.profiles, true, &Listed::is_default);
  if (listed == listing.profiles.end()) {
    const std::vector<std::string> names = ProfileNames(listing.assembly.candidates);
    const std::vector<std::string_view> known(names.begin(), names.end());
    return Fail(ErrorCode::kNotFound,
                "there is no profile '" + Printable(name.value_or("")) + "'" +
                    config::Suggestion(name.value_or(""), known,
                                       "; 'ambit profiles' lists those there are"));
  }
  Shown out{*listed, {}, {}};
  if (!name) {
    AMBIT_TRY(config::Settled settled, config::Settle(listing.sources, listing.assembly));
    out.lineage = std::move(settled.selected.lineage);
    out.table = std::move(settled.table);
  } else {
    AMBIT_TRY(config::Lineage lineage, config::ResolveParents(*name, listing.assembly.candidates));
    out.lineage = std::move(lineage.names);
    out.table = std::move(lineage.merged);
  }
  out.table.Erase("extends");
  return out;
}

}  // namespace ambit::cli
