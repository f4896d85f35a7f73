#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace ambit {

/// What a host lets an engine do, each tried on its own.
enum class Ability : std::uint8_t {
  kUserNamespace,
  kIdMap,
  kMountNamespace,
  kPidNamespace,
  kIpcNamespace,
  kUtsNamespace,
  kCgroupNamespace,
  kNetworkNamespace,
  kAllNamespaces,
  kTmpfs,
  kCopyMounts,
  kMountFlags,
  kAttach,
  kDevpts,
  kProc,
  kFindPaths,
  kHoldProcesses,
  kCloseRange,
  kLandlock,
  kFilter,
  kListener,
  kReadMemory,
  kReadMemoryFile,
  kCopyDescriptors,
  kBubblewrap,
};
inline constexpr std::size_t kAbilities = 25;

/// One word for machines, and what it is for people.
struct AbilityText {
  std::string_view name;
  std::string_view does;
};
inline constexpr std::array<AbilityText, kAbilities> kAbilityTexts = {{
    {"user-namespace", "make a user namespace"},
    {"id-map", "map one's own ids into it"},
    {"mount-namespace", "make a mount namespace"},
    {"pid-namespace", "make a process namespace"},
    {"ipc-namespace", "make an IPC namespace"},
    {"uts-namespace", "make a UTS namespace"},
    {"cgroup-namespace", "make a cgroup namespace"},
    {"network-namespace", "make a network namespace"},
    {"all-namespaces", "make all of them at once, as a start does"},
    {"tmpfs", "make a tmpfs"},
    {"copy-mounts", "copy a tree of mounts (open_tree)"},
    {"mount-flags", "make a tree of mounts read-only (mount_setattr)"},
    {"attach", "mount something (move_mount)"},
    {"devpts", "make private terminals (devpts)"},
    {"proc", "mount a /proc of one's own"},
    {"find-paths", "look paths up without following links (openat2)"},
    {"hold-processes", "hold and signal processes by descriptors (pidfd_open)"},
    {"close-range", "close many descriptors at once (close_range)"},
    {"landlock", "restrict oneself (Landlock)"},
    {"filter", "install a system call filter"},
    {"listener", "answer system calls (seccomp user notification)"},
    {"read-memory", "read the memory of a process beside one (process_vm_readv)"},
    {"read-memory-file", "the same through /proc/PID/mem"},
    {"copy-descriptors", "copy the descriptor of a process beside one (pidfd_getfd)"},
    {"bubblewrap", "have the program bwrap make a sandbox, and prove it"},
}};

/// What trying came to, for every ability. Plain data, so that what follows from it can be computed
/// for any host.
struct HostAbilities {
  /// 0: it works; an errno (ETIMEDOUT: it hung and was ended); or one of the three below.
  std::array<int, kAbilities> errors{};
  static constexpr int kNotTried = -1;  ///< Something it needs does not work.
  static constexpr int kKilled = -2;    ///< Whoever tried was killed, as by a filter.
  static constexpr int kInWords = -3;   ///< See bubblewrap_problem.

  std::string bubblewrap_problem = {};  ///< Why Ability::kBubblewrap is missing.
  int landlock_abi = 0;                 ///< 0: there is no Landlock.
  std::uint32_t uid = 0;

  [[nodiscard]] int ErrorOf(Ability ability) const {
    return errors[static_cast<std::size_t>(ability)];
  }
  [[nodiscard]] bool Has(Ability ability) const { return ErrorOf(ability) == 0; }
};

}  // namespace ambit
