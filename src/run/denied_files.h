#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "base/room.h"
#include "policy/policy.h"

namespace ambit::run {

struct FileIdentity {
  std::uint64_t dev = 0;
  std::uint64_t ino = 0;
};

/// The files with several names that an exact rule closes. Inside the sandbox masks lie over them,
/// so the host is asked, before it starts.
std::vector<FileIdentity> LinkedDeniedFiles(const policy::Policy& policy);

/// The files that lie under a denied name and have other names besides (hard links), by device and
/// inode. Looked up once, when the first file with several names is opened: few commands open any.
/// From inside no such name can be made, so only names that others make later are not known.
/// Several threads may ask. Nothing allocates.
class DeniedFiles {
 public:
  /// `by_rule` is what LinkedDeniedFiles said. Both are borrowed.
  DeniedFiles(const policy::Policy& policy, std::span<const FileIdentity> by_rule)
      : policy_(policy), by_rule_(by_rule) {}

  /// Whether the file is one of them, or this cannot be told.
  bool Contains(std::uint64_t dev, std::uint64_t ino);

 private:
  void LookUp();
  void LookUpMatches(const policy::PatternRule& rule);
  void LookUpBelow(const policy::PatternRule& rule, const std::string& start);
  void AddIfLinked(int dir, const char* name);
  void Add(const FileIdentity& file);
  FileIdentity& Slot(const FileIdentity& file);

  static constexpr std::size_t kRoom = 16384;  ///< A power of two.
  const policy::Policy& policy_;
  const std::span<const FileIdentity> by_rule_;
  Room<FileIdentity, kRoom> files_;  ///< Filled when they are looked up.
  std::size_t count_ = 0;
  std::mutex lock_;
  bool known_ = false;
  bool incomplete_ = false;
};

}  // namespace ambit::run
