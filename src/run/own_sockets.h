#pragma once

#include <cstddef>
#include <cstdint>

#include "os/unique_fd.h"

namespace ambit::run {

/// The socket files that the command's own processes made, by device and inode. Each is held open,
/// so that no other file can come to have its number. Nothing allocates.
class OwnSockets {
 public:
  /// Remembers the socket file behind `place`. When there is no more room the oldest that still has
  /// a name is forgotten, and with it that it was our own.
  void Add(os::UniqueFd place);
  [[nodiscard]] bool Contains(std::uint64_t dev, std::uint64_t ino) const;

 private:
  struct One {
    os::UniqueFd place;
    std::uint64_t dev = 0;
    std::uint64_t ino = 0;
  };
  One* Room();

  static constexpr std::size_t kMost = 256;
  One all_[kMost];
  std::size_t count_ = 0;
  std::size_t next_ = 0;  ///< To be forgotten.
};

}  // namespace ambit::run
