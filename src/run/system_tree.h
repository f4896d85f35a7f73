#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "os/unique_fd.h"
#include "run/gate.h"

namespace ambit::run {

/// The system's programs, /usr, where nothing in it is closed: whatever is found there without
/// leaving it may be had, by whatever links, and need not be looked at. It is most of what programs
/// open. Nothing allocates but the constructor.
class SystemTree {
 public:
  /// `gate` is borrowed until the constructor returns.
  explicit SystemTree(const Gate& gate);

  /// Opens the absolute `path` as os::OpenForReading() does; -EXDEV when that is not in the tree,
  /// or leads out of it.
  [[nodiscard]] int Open(const char* path, std::uint32_t flags) const;

 private:
  os::UniqueFd place_;  ///< None where something is closed.
  /// Directories beside it that are links to those in it, as in "/lib" (file-hierarchy(7)).
  std::vector<std::string_view> merged_;
};

}  // namespace ambit::run
