#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/host_facts.h"

namespace ambit::plan_linux {

/// Another place where (part of) a tree can be seen because its filesystem is mounted twice.
struct Alias {
  std::string path;  ///< Where it is seen.
  /// The part of the original tree that is seen there, relative to it; "" for all of it.
  std::string part;
};

/// Finds the other names that bind mounts give to a path. Source: proc_pid_mountinfo(5).
class MountAliases {
 public:
  explicit MountAliases(const std::vector<MountPoint>& mounts);

  /// Every other visible place that shows what is at or below the canonical `path`.
  [[nodiscard]] std::vector<Alias> Of(std::string_view path) const;

 private:
  /// The mount that a lookup of `path` ends in, following mounts as the kernel does; null when
  /// there is no root mount.
  [[nodiscard]] const MountPoint* MountOf(std::string_view path) const;
  [[nodiscard]] const MountPoint* TopmostAt(const MountPoint* on, std::string_view path) const;

  const std::vector<MountPoint>& mounts_;
  std::map<std::pair<std::uint32_t, std::string_view>, const MountPoint*> by_parent_;
  std::map<std::uint64_t, std::size_t> mounts_of_;  ///< device -> how often it is mounted
  const MountPoint* root_ = nullptr;
};

}  // namespace ambit::plan_linux
