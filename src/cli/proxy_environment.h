#pragma once

#include <optional>
#include <string>
#include <vector>

#include "run/proxy_process.h"

namespace ambit::cli {

/// What the variables tell programs.
struct ProxyVariables {
  run::ProxyDoors doors;
  bool socks = true;  ///< Whether SOCKS5 is offered at all; without it, HTTP for everything.
  std::string profile;
  /// Where the command finds this program, for `ambit connect`; "" when it cannot.
  std::string program;
  std::optional<std::string> git_ssh_command;  ///< What the user has set.
  /// The name server hears TCP alone.
  bool names_by_tcp = false;
};

/// Makes `environment` lead every program that heeds proxy variables to the proxy (network.md 15).
/// What is there under the same names is replaced, but for GIT_SSH_COMMAND.
void AddProxyVariables(const ProxyVariables& told, std::vector<std::string>& environment);

}  // namespace ambit::cli
