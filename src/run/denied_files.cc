#include "run/denied_files.h"

#include <cerrno>

#include "base/path_text.h"
#include "os/disk_view.h"
#include "os/file_calls.h"
#include "os/mount_calls.h"
#include "os/unique_fd.h"
#include "run/tree_reader.h"

namespace ambit::run {

std::vector<FileIdentity> LinkedDeniedFiles(const policy::Policy& policy) {
  const os::DiskView disk;
  std::vector<FileIdentity> out;
  for (const policy::PathRule& rule : policy.rules) {
    if (rule.access != policy::Access::kNone || rule.kind != FileKind::kRegular) continue;
    const Result<FileInfo> info = disk.Lstat(rule.path);
    if (info && info->nlink > 1) out.push_back({info->dev, info->ino});
  }
  return out;
}

bool DeniedFiles::Contains(std::uint64_t dev, std::uint64_t ino) {
  const std::lock_guard lock(lock_);
  if (!known_) LookUp();
  known_ = true;
  return incomplete_ || Slot({dev, ino}).ino == ino;
}

void DeniedFiles::LookUp() {
  for (std::size_t i = 0; i < kRoom; ++i) files_.Make(i);
  for (const FileIdentity& file : by_rule_) Add(file);
  for (const policy::PatternRule& rule : policy_.patterns) {
    // The whole disk would take longer than a command may be held up.
    if (rule.base_exists && rule.base != "/") LookUpMatches(rule);
  }
}

void DeniedFiles::LookUpMatches(const policy::PatternRule& rule) {
  LookUpBelow(rule, rule.base);
  // Masks lie over what an exact rule closes as a whole, but for what comes back inside it.
  for (const policy::PathRule& granted : policy_.rules) {
    const bool comes_back =
        granted.access != policy::Access::kNone && granted.kind == FileKind::kDirectory &&
        granted.path != rule.base && IsAtOrBelow(granted.path, rule.base) &&
        policy::Decide(policy_, ParentPath(granted.path)).access == policy::Access::kNone;
    if (comes_back) LookUpBelow(rule, granted.path);
  }
}

void DeniedFiles::LookUpBelow(const policy::PatternRule& rule, const std::string& start) {
  const os::UniqueFd base(os::OpenNameWith(os::kCwd, start.c_str(), 0, 0));
  if (base.get() == -ENOENT || base.get() == -ENOTDIR || base.get() == -EACCES) return;
  const std::string_view way = RelativeTo(start, rule.base);
  PathBuffer full;
  TreeReader tree(base.get(), TreeReader::Unreadable::kSkip);
  const int r = tree.Run([&](int dir, const char* name, std::string_view path) {
    if (!way.empty()) {
      if (!full.Assign(way) || !full.AddName(path)) return TreeReader::Next::kSkip;
      path = full.view();
    }
    if (rule.glob.MatchesAtOrAbove(path, rule.max_depth)) {
      AddIfLinked(dir, name);
      return TreeReader::Next::kEnter;
    }
    return rule.glob.MayMatchBelow(path, rule.max_depth) ? TreeReader::Next::kEnter
                                                         : TreeReader::Next::kSkip;
  });
  if (r < 0) incomplete_ = true;
}

void DeniedFiles::AddIfLinked(int dir, const char* name) {
  const os::UniqueFd place(os::OpenName(dir, name));
  os::OpenedFile file;
  if (!place.valid() || os::Inspect(place.get(), file) < 0) return;
  if (file.kind == os::OpenedFile::Kind::kDirectory || file.links < 2) return;
  Add({file.dev, file.ino});
}

FileIdentity& DeniedFiles::Slot(const FileIdentity& file) {
  std::size_t at = static_cast<std::size_t>(file.ino * 0x9e3779b97f4a7c15U ^ file.dev) % kRoom;
  while (files_[at].ino != 0 && (files_[at].ino != file.ino || files_[at].dev != file.dev)) {
    at = (at + 1) % kRoom;
  }
  return files_[at];
}

void DeniedFiles::Add(const FileIdentity& file) {
  if (count_ >= kRoom / 2) {
    incomplete_ = true;
    return;
  }
  FileIdentity& slot = Slot(file);
  if (slot.ino == 0) ++count_;
  slot = file;
}

}  // namespace ambit::run
