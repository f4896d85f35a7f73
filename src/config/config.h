#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/file_view.h"
#include "base/result.h"
#include "config/profile.h"

namespace ambit::config {

/// Where to look and what the command line said (`cli.md` "Files" and "options").
struct Sources {
  std::string cwd;                         ///< The command's directory, absolute, as given.
  std::string home;                        ///< $HOME; may be empty.
  std::optional<std::string> config_home;  ///< --config-home; else ambit_home, xdg_config_home, home
  std::optional<std::string> ambit_home;       ///< $AMBIT_HOME
  std::optional<std::string> xdg_config_home;  ///< $XDG_CONFIG_HOME
  std::optional<std::string> config_profile;   ///< -p NAME
  std::optional<std::string> profile;          ///< -P NAME
  std::vector<std::string> overrides;          ///< -c KEY=VALUE, in order
  std::string system_config = "/etc/ambit/config.toml";
  std::string managed_config = "/etc/ambit/managed_config.toml";
  std::optional<std::string> extra_managed_config;  ///< --managed-config, below managed_config
  std::string requirements = "/etc/ambit/requirements.toml";
  std::vector<std::string> requirement_dirs = {"/etc/ambit/requirements.d"};
  std::vector<std::string> extra_requirements;  ///< --requirements FILE
  std::string host_name;                        ///< For remote_sandbox_config.
};

/// Something a person should know that does not stop the run.
struct Notice {
  std::string message;
  SourceRef where;
};

/// One string of `permissions.filesystem.deny_read`, checked for its form only.
struct ManagedDeny {
  std::string text;
  SourceRef from;
};

/// The one profile that will be used, with its parents merged in, and what binds it.
struct Selected {
  Profile profile;
  std::vector<std::string> lineage;  ///< The profile's own name first, then its parents.
  std::string how;                   ///< For people: "-P", "default_permissions at FILE:LINE", …
  std::vector<ManagedDeny> managed_denies;
  std::vector<Notice> notices;
};

/// Reads every layer and the requirements, checks all of them, merges, selects and resolves the
/// parents. Everything `spec` calls a refusal at load or in the choice of a profile is an Error
/// with the place at fault; nothing is ever skipped in silence.
Result<Selected> LoadAndSelect(const Sources& sources, const FileView& files);

}  // namespace ambit::config
