#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/file_view.h"
#include "base/result.h"
#include "config/config.h"
#include "config/layers.h"
#include "config/node.h"

namespace ambit::config {

/// What the administrator demands: one source of it, or several combined.
struct Requirements {
  /// allowed_permission_profiles: the complete list of names, each allowed or not.
  std::optional<Placed<std::map<std::string, Placed<bool>>>> allowed_profiles;
  std::optional<Placed<std::string>> default_profile;
  Node profiles;  ///< Table name -> profile table: managed profiles.
  std::vector<ManagedDeny> deny_read;
  std::optional<Placed<std::vector<std::string>>> allowed_modes;
  std::optional<ManagedNetwork> network;
  std::vector<Placed<std::string>> forbidden_keys;
  std::optional<Placed<std::vector<std::string>>> require_engine;
  bool require_proof = false;

  /// Whether the allow list, if there is one, permits `name`.
  [[nodiscard]] bool Allows(const std::string& name) const;
  /// The names the allow list permits, for messages.
  [[nodiscard]] std::string AllowedNames() const;
};

/// Reads every source of requirements, checks each on its own, combines them and checks the
/// result. `layers` gives the managed configuration files, whose sandbox_mode is a requirement too.
/// A source named on the command line can only narrow what the administrator's files permit. With
/// `problems` whatever is wrong is put there and left out.
Result<Requirements> LoadRequirements(const Sources& sources, const FileView& files,
                                      const std::vector<Layer>& layers,
                                      std::vector<Notice>& notices, Problems* problems = nullptr);

/// The profile that is used where nothing else is chosen. Only with an allow list.
std::string RequiredDefault(const Requirements& requirements);

}  // namespace ambit::config
