#pragma once

#include <cstddef>
#include <cstdint>

#include "policy/policy.h"

namespace ambit::run {

/// The files that lie under a denied name and have other names besides (hard links), by device and
/// inode. Looked up once, when the first file with several names is opened: few commands open any.
/// From inside no such name can be made, so only names that others make later are not known.
/// Nothing allocates.
class DeniedFiles {
 public:
  explicit DeniedFiles(const policy::Policy& policy) : policy_(policy) {}

  /// Whether the file is one of them, or this cannot be told.
  bool Contains(std::uint64_t dev, std::uint64_t ino);

 private:
  struct File {
    std::uint64_t dev = 0;
    std::uint64_t ino = 0;
  };
  void LookUp();
  void LookUpMatches(const policy::PatternRule& rule);
  void AddIfLinked(int dir, const char* name);
  void Add(const File& file);
  File& Slot(const File& file);

  static constexpr std::size_t kRoom = 16384;  ///< A power of two.
  const policy::Policy& policy_;
  File files_[kRoom];
  std::size_t count_ = 0;
  bool known_ = false;
  bool incomplete_ = false;
};

}  // namespace ambit::run
