#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/file_view.h"

namespace ambit::cli {

/// What a host says of itself. Only for people and for the choice of a remedy: what works is found
/// out by trying.
struct HostState {
  std::string distribution;             ///< "Debian GNU/Linux 12 (bookworm)"; "" when unknown.
  std::vector<std::string> families{};  ///< "ubuntu", "debian": its own id, then what it is like.
  std::string kernel;                   ///< Its release.
  std::string program;                  ///< The path of this program.
  std::string container;                ///< "docker", "podman", "kubernetes", …; "" outside.
  bool filtered = false;                ///< A system call filter is upon us already.
  bool no_new_privileges = false;
  bool in_user_namespace = false;  ///< Not the one that the system started with.
  bool inside_ambit = false;       ///< See IsInsideAmbit().
  std::optional<std::int64_t> max_user_namespaces{};
  std::optional<std::int64_t> unprivileged_userns_clone{};  ///< A switch of Debian and others.
  std::optional<std::int64_t> apparmor_restricts{};  ///< Ubuntu's restriction of user namespaces.
  std::optional<std::int64_t> ptrace_scope{};        ///< Yama.
  std::string security_modules;  ///< "capability,landlock,…"; "" when unknown.

  [[nodiscard]] bool IsLike(std::string_view family) const;
};

/// Whether this process runs in a sandbox of ambit's own, by the names of those that it descends
/// from (proc_pid_stat(5)). Good for a message only: anybody can call a process so.
bool IsInsideAmbit(const FileView& files);

HostState ReadHostState(const FileView& files, const std::vector<std::string>& environment);

}  // namespace ambit::cli
