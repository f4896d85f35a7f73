#include "config/requirements.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <unordered_set>
#include <utility>

#include "base/path_text.h"
#include "config/builtins.h"
#include "config/managed_network.h"
#include "config/merge.h"
#include "config/requirements_reader.h"
#include "config/toml_reader.h"

namespace ambit::config {
namespace {

/// What two sources say in the same way however they are combined: these only ever add up.
void AddUp(Requirements& into, Requirements& from) {
  std::unordered_set<std::string> known;
  for (const ManagedDeny& deny : into.deny_read) known.insert(deny.text);
  for (ManagedDeny& deny : from.deny_read) {
    if (known.insert(deny.text).second) into.deny_read.push_back(std::move(deny));
  }
  for (auto& key : from.forbidden_keys) into.forbidden_keys.push_back(std::move(key));
  into.require_proof = into.require_proof || from.require_proof;
  if (!from.require_engine) return;
  if (!into.require_engine) {
    into.require_engine = std::move(from.require_engine);
    return;
  }
  std::erase_if(into.require_engine->value, [&from](const std::string& engine) {
    return std::ranges::find(from.require_engine->value, engine) ==
           from.require_engine->value.end();
  });
}

/// One of the administrator's sources over a lower one.
Requirements Over(Requirements lower, Requirements higher) {
  AddUp(lower, higher);
  if (higher.allowed_profiles) {
    if (lower.allowed_profiles) {
      lower.allowed_profiles->from = higher.allowed_profiles->from;
      for (auto& [name, allowed] : higher.allowed_profiles->value) {
        lower.allowed_profiles->value.insert_or_assign(name, std::move(allowed));
      }
    } else {
      lower.allowed_profiles = std::move(higher.allowed_profiles);
    }
  }
  if (higher.default_profile) lower.default_profile = std::move(higher.default_profile);
  if (higher.allowed_modes) lower.allowed_modes = std::move(higher.allowed_modes);
  if (higher.network) {
    lower.network = lower.network ? MergeNetworks(*std::move(lower.network), *higher.network)
                                  : std::move(higher.network);
  }
  lower.profiles = MergeOver(std::move(lower.profiles), std::move(higher.profiles));
  return lower;
}

/// The names that both lists allow; every name of either stays, so that it is still checked.
std::map<std::string, Placed<bool>> Intersect(std::map<std::string, Placed<bool>> base,
                                              const std::map<std::string, Placed<bool>>& extra) {
  for (auto& [name, allowed] : base) {
    const auto at = extra.find(name);
    if (at == extra.end() || !at->second.value) allowed.value = false;
  }
  for (const auto& [name, allowed] : extra) {
    base.try_emplace(name, Placed<bool>{false, allowed.from});
  }
  return base;
}

/// A source that may only narrow what `base` permits.
Result<Requirements> Narrow(Requirements base, Requirements extra) {
  AddUp(base, extra);
  if (extra.allowed_profiles && base.allowed_profiles) {
    base.allowed_profiles->value =
        Intersect(std::move(base.allowed_profiles->value), extra.allowed_profiles->value);
    base.allowed_profiles->from = extra.allowed_profiles->from;
  } else if (extra.allowed_profiles) {
    base.allowed_profiles = std::move(extra.allowed_profiles);
  }
  if (extra.default_profile) base.default_profile = std::move(extra.default_profile);
  if (extra.allowed_modes && base.allowed_modes) {
    std::erase_if(base.allowed_modes->value, [&extra](const std::string& mode) {
      return std::ranges::find(extra.allowed_modes->value, mode) ==
             extra.allowed_modes->value.end();
    });
    base.allowed_modes->from = extra.allowed_modes->from;
  } else if (extra.allowed_modes) {
    base.allowed_modes = std::move(extra.allowed_modes);
  }
  if (extra.network && base.network) {
    AMBIT_TRY(base.network, NarrowNetwork(*std::move(base.network), *extra.network));
  } else if (extra.network) {
    base.network = std::move(extra.network);
  }
  for (const Member& profile : extra.profiles.members) {
    const Member* const same = base.profiles.FindMember(profile.key);
    if (!same) continue;
    return Fail(ErrorCode::kDenied,
                "profile '" + Printable(profile.key) + "' is already a managed profile (" +
                    ToString(same->key_place.Ref()) +
                    "); a further requirements file cannot change it, use another name",
                profile.key_place.Ref());
  }
  base.profiles = MergeOver(std::move(base.profiles), std::move(extra.profiles));
  return base;
}

/// sandbox_mode of a managed configuration file, read as a requirement.
std::optional<Requirements> FromManagedMode(const Layer& layer) {
  const Node* const mode = layer.root.Find("sandbox_mode");
  if (layer.kind != LayerKind::kManaged || !mode) return std::nullopt;
  Requirements requirements;
  requirements.allowed_modes = {{"read-only"}, mode->where.Ref()};
  if (mode->text != "read-only") requirements.allowed_modes->value.push_back(mode->text);
  return requirements;
}

class Loader {
 public:
  Loader(const Sources& sources, const FileView& files, std::vector<Notice>& notices,
         Problems* problems)
      : sources_(sources), files_(files), notices_(notices), problems_(problems) {}

  Result<Requirements> Load(const std::vector<Layer>& layers) {
    AMBIT_CHECK(TolerateFile(
        AddSystemFile(sources_.requirements, sources_.requirements != kRequirementsPath),
        problems_));
    for (const std::string& directory : sources_.requirement_dirs) {
      AMBIT_CHECK(TolerateFile(AddDirectory(directory), problems_));
    }
    for (const Layer& layer : layers) {
      auto requirements = FromManagedMode(layer);
      if (!requirements || layer.from_command_line) continue;
      all_ = Over(std::move(all_), *std::move(requirements));
    }
    for (const std::string& path : sources_.extra_requirements) {
      AMBIT_CHECK(TolerateFile(AddExtra(path), problems_));
    }
    for (const Layer& layer : layers) {
      auto requirements = FromManagedMode(layer);
      if (!requirements || !layer.from_command_line) continue;
      AMBIT_TRY(all_, Narrow(std::move(all_), *std::move(requirements)));
    }
    // What is wrong in one source has been told; the whole may look wrong only because of it.
    if (whole_) AMBIT_CHECK(Tolerate(CheckConsistent(all_), problems_));
    return std::move(all_);
  }

 private:
  Result<std::optional<Requirements>> Read(const std::string& path, bool must_exist) {
    AMBIT_TRY(const auto text, ReadOptionalFile(files_, path, must_exist));
    if (!text) return std::nullopt;
    AMBIT_TRY(Node root, ReadToml(*text, path));
    if (problems_) return ReadPiecewise(std::move(root));
    AMBIT_TRY(auto requirements, ReadRequirements(std::move(root), sources_.host_name, notices_));
    return requirements;
  }

  Result<std::optional<Requirements>> ReadPiecewise(Node root) {
    std::optional<Requirements> out;
    std::vector<Notice> notices;
    const auto read = [&](Node& node) -> Result<> {
      notices.clear();
      AMBIT_TRY(out, ReadRequirementKeys(node, sources_.host_name, notices));
      return {};
    };
    const bool whole = CheckPiecewise(root, read, *problems_);
    whole_ = whole_ && whole;
    std::ranges::move(notices, std::back_inserter(notices_));
    if (out && whole) {
      if (const auto consistent = CheckConsistent(*out); !consistent) {
        problems_->errors.push_back(consistent.error());
        whole_ = false;
      }
    }
    return out;
  }

  Result<> AddExtra(const std::string& path) {
    AMBIT_TRY(auto requirements, Read(path, true));
    if (!requirements) return {};
    Requirements base = all_;  // Kept when the narrowing fails.
    AMBIT_TRY(all_, Narrow(std::move(base), *std::move(requirements)));
    return {};
  }

  Result<> AddSystemFile(const std::string& path, bool must_exist) {
    AMBIT_CHECK(Tolerate(CheckRootOwned(files_, path), problems_));
    AMBIT_TRY(auto requirements, Read(path, must_exist));
    if (requirements) all_ = Over(std::move(all_), *std::move(requirements));
    return {};
  }

  Result<> AddDirectory(const std::string& directory) {
    AMBIT_TRY(const FileInfo info, files_.Lstat(directory));
    if (info.kind == FileKind::kMissing) return {};
    AMBIT_CHECK(Tolerate(CheckRootOwned(files_, directory), problems_));
    AMBIT_TRY(const auto names, files_.ListDirectory(directory));
    for (const std::string& name : names) {
      if (!name.ends_with(".toml")) continue;
      AMBIT_CHECK(TolerateFile(AddSystemFile(JoinPath(directory, name), true), problems_));
    }
    return {};
  }

  const Sources& sources_;
  const FileView& files_;
  std::vector<Notice>& notices_;
  Problems* problems_;
  Requirements all_;
  bool whole_ = true;  ///< Nothing was left out.
};

}  // namespace

bool Requirements::Allows(const std::string& name) const {
  if (!allowed_profiles) return true;
  const auto at = allowed_profiles->value.find(name);
  return at != allowed_profiles->value.end() && at->second.value;
}

std::string Requirements::AllowedNames() const {
  std::string names;
  if (!allowed_profiles) return names;
  for (const auto& [name, allowed] : allowed_profiles->value) {
    if (!allowed.value) continue;
    if (!names.empty()) names += ", ";
    names += "'" + Printable(name) + "'";
  }
  return names.empty() ? "none" : names;
}

Result<Requirements> LoadRequirements(const Sources& sources, const FileView& files,
                                      const std::vector<Layer>& layers,
                                      std::vector<Notice>& notices, Problems* problems) {
  return Loader(sources, files, notices, problems).Load(layers);
}

std::string RequiredDefault(const Requirements& requirements) {
  return requirements.default_profile ? requirements.default_profile->value
                                      : std::string(kWorkspace);
}

}  // namespace ambit::config
