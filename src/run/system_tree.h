#pragma once

#include <bitset>
#include <cstdint>
#include <iterator>

#include "os/unique_fd.h"
#include "run/gate.h"

namespace ambit::run {

/// The system's programs, /usr, where nothing in it is closed: whatever is found there without
/// leaving it may be had, by whatever links, and need not be looked at. It is most of what programs
/// open. Nothing allocates.
class SystemTree {
 public:
  /// `gate` is borrowed until the constructor returns.
  explicit SystemTree(const Gate& gate);

  /// Opens the absolute `path` as os::OpenForReading() does; -EXDEV when that is not in the tree,
  /// or leads out of it.
  [[nodiscard]] int Open(const char* path, std::uint32_t flags) const;

 private:
  static constexpr const char* kMayBeMerged[] = {"/bin",   "/lib",    "/lib32",
                                                 "/lib64", "/libx32", "/sbin"};
  [[nodiscard]] const char* InTree(const char* path) const;

  os::UniqueFd place_;  ///< None where something is closed.
  /// Which directories beside it are links to those in it, as "/lib" may be (file-hierarchy(7)).
  std::bitset<std::size(kMayBeMerged)> merged_;
};

}  // namespace ambit::run
