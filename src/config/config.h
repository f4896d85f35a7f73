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

inline constexpr const char* kSystemConfigPath = "/etc/ambit/config.toml";
inline constexpr const char* kManagedConfigPath = "/etc/ambit/managed_config.toml";
inline constexpr const char* kRequirementsPath = "/etc/ambit/requirements.toml";
inline constexpr const char* kRequirementsDirectory = "/etc/ambit/requirements.d";

/// Where to look and what the command line said. All paths are absolute: the caller makes those of
/// the command line so. A file named on the command line must exist; a default one need not.
struct Sources {
  std::string cwd;   ///< The command's directory, absolute, as given.
  std::string home;  ///< $HOME; may be empty.
  std::optional<std::string>
      config_home;                        ///< --config-home; else ambit_home, xdg_config_home, home
  std::optional<std::string> ambit_home;  ///< $AMBIT_HOME
  std::optional<std::string> xdg_config_home;  ///< $XDG_CONFIG_HOME
  std::optional<std::string> config_profile;   ///< -p NAME
  std::optional<std::string> profile;          ///< -P NAME
  std::vector<std::string> overrides;          ///< -c KEY=VALUE, in order
  std::string system_config = kSystemConfigPath;
  std::string managed_config = kManagedConfigPath;
  std::optional<std::string> extra_managed_config;  ///< --managed-config, below managed_config
  std::string requirements = kRequirementsPath;
  std::vector<std::string> requirement_dirs = {kRequirementsDirectory};
  std::vector<std::string> extra_requirements;  ///< --requirements FILE
  std::vector<std::string> checked_files;       ///< `ambit check FILE`: one more layer each.
  std::string host_name;                        ///< For remote_sandbox_config.
  std::string account_home;  ///< What the account database says; HOME is the user's to set.
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

/// The network table of the requirements, under whichever of its three names it was written.
struct ManagedNetwork {
  SourceRef from;
  std::optional<Placed<bool>> enabled;               ///< Starts the managed proxy; grants nothing.
  std::map<std::string, Placed<bool>> domains;       ///< pattern -> true for allow
  std::map<std::string, Placed<bool>> unix_sockets;  ///< path -> true for allow
  std::optional<Placed<std::int64_t>> http_port, socks_port;
  std::optional<Placed<bool>> allow_upstream_proxy, allow_local_binding;
  std::optional<Placed<bool>> dangerously_allow_non_loopback_proxy;
  std::optional<Placed<bool>> dangerously_allow_all_unix_sockets;
  std::optional<Placed<bool>> managed_allowed_domains_only;
  bool has_header_injections = false;
};

/// The one profile that will be used, with its parents merged in, and what binds it.
struct Selected {
  Profile profile;
  std::vector<std::string> lineage;  ///< The profile's own name first, then its parents.
  std::string how;                   ///< For people: "-P", "default_permissions at FILE:LINE", …
  std::vector<ManagedDeny> managed_denies;
  std::optional<ManagedNetwork> managed_network;
  /// Engines the requirements permit ("native", "landlock", "bubblewrap"); nothing: all of them.
  std::optional<Placed<std::vector<std::string>>> require_engine;
  bool require_proof = false;  ///< The proof at start is asked for; it is always made.
  std::vector<Notice> notices;
};

/// Reads every layer and the requirements, checks all of them, merges, selects and resolves the
/// parents. Everything `spec` calls a refusal at load or in the choice of a profile is an Error
/// with the place at fault; nothing is ever skipped in silence.
Result<Selected> LoadAndSelect(const Sources& sources, const FileView& files);

}  // namespace ambit::config
