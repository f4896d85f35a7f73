#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/file_view.h"
#include "base/result.h"
#include "config/config.h"

/// Which sockets of the host a command may talk to (unix(7)): `network.unix_sockets` and
/// `network.dangerously_allow_all_unix_sockets`.
namespace ambit::policy {

struct Policy;
struct Decision;

/// One line about a socket.
struct SocketRule {
  std::string path;  ///< Canonical: where it led when the policy was resolved.
  bool allow = false;
  bool managed = false;
  FileKind kind = FileKind::kMissing;  ///< What was there then, with its identity.
  std::uint64_t dev = 0;
  std::uint64_t ino = 0;
  std::string given;  ///< As written.
  SourceRef from;
};

struct UnixSocketPolicy {
  bool enabled = false;  ///< The network is: without it only sockets of the command's own connect.
  bool all = false;
  SourceRef all_from;
  std::vector<SocketRule> rules;  ///< In the order of their keys.
  /// Canonical workspace roots. Where no rule and no switch allows a socket, the sockets below them
  /// are as open as their files: they are the project's own.
  std::vector<std::string> workspace;

  [[nodiscard]] bool AllowsAny() const;
};

/// What decided about a socket.
enum class SocketReason : std::uint8_t {
  kNoSandbox,
  kOwn,  ///< The command made it itself.
  kNetworkOff,
  kDenied,      ///< A rule says so.
  kClosedFile,  ///< Its file is denied.
  kAllowed,     ///< A rule says so.
  kReplaced,    ///< A rule allows its name, but it is not the socket that was there at the start.
  kAll,         ///< Every socket is allowed.
  kWorkspace,   ///< It lies in the workspace.
  kRisk,        ///< It does, but stands for control of the host.
  kAbstract,    ///< It has a name outside of the file system.
  kNoRule,
};

/// A socket as it was found.
struct SocketFacts {
  std::string_view path;  ///< Canonical.
  std::uint64_t dev = 0;
  std::uint64_t ino = 0;
  bool own = false;  ///< Made in this run by the command itself.
};

struct SocketDecision {
  bool allowed = false;
  SocketReason reason = SocketReason::kNoRule;
  const SocketRule* rule = nullptr;  ///< Points into the policy.
};

/// The one decision about a socket, by all that asks: what connects for the command, and `explain`.
/// `file` is what the file rules say about the socket's place. Deny beats allow; an allowed socket
/// is meant by device and inode. Pure; allocates nothing.
SocketDecision DecideSocket(const Policy& policy, const SocketFacts& socket, const Decision& file);

/// What a socket at `path` usually gives control of, in words for people; empty for ordinary ones.
std::string_view RiskOfSocket(std::string_view path);

/// Reads the rules of the selected profile and the requirements. `workspace`: canonical roots.
/// Errors: what is allowed is no socket, its name is too long, or its risk is not acknowledged.
Result<UnixSocketPolicy> MakeUnixSocketPolicy(const config::Selected& selected,
                                              const std::string& home,
                                              std::vector<std::string> workspace,
                                              const FileView& files,
                                              std::vector<config::Notice>& notices);

}  // namespace ambit::policy
