#include "run/other_names.h"

#include <algorithm>
#include <cerrno>
#include <set>
#include <utility>

#include "base/path_text.h"
#include "os/file_calls.h"
#include "os/mount_calls.h"
#include "os/unique_fd.h"

namespace ambit::run {
namespace {

using Identities = std::set<std::pair<std::uint64_t, std::uint64_t>>;

/// A directory whose path may be of any length, open for reading; nothing where it cannot be
/// looked into or is none.
int OpenDirectory(const std::string& path, os::UniqueFd& out) {
  const os::UniqueFd place(os::OpenPlace(os::kCwd, path.c_str()));
  os::OpenedFile file;
  int r = place.valid() ? os::Inspect(place.get(), file) : place.get();
  if (r >= 0 && file.kind != os::OpenedFile::Kind::kDirectory) return 0;
  if (r >= 0) r = os::Reopen(place.get(), 0);
  if (r >= 0) out.Reset(r);
  return r >= 0 || r == -ENOENT || r == -ENOTDIR || r == -EACCES ? 0 : r;
}

class Search {
 public:
  Search(const Identities& wanted, std::span<const std::string> skip)
      : wanted_(wanted), skip_(skip) {}

  int Run(const std::string& root) {
    left_ = {root};
    while (!left_.empty()) {
      const std::string path = std::move(left_.back());
      left_.pop_back();
      if (const int r = LookInto(path); r < 0) return r;
    }
    return 0;
  }
  std::vector<NamedFile> TakeFound() { return std::move(found_); }

 private:
  int LookInto(const std::string& path) {
    os::UniqueFd dir;
    if (const int r = OpenDirectory(path, dir); r < 0 || !dir.valid()) return r;
    for (;;) {
      const int n = reader_.Fill(dir.get());
      if (n <= 0) return n == -ENOENT ? 0 : n;  // it was removed
      for (os::DirectoryEntry entry; reader_.Next(entry);) {
        LookAt(dir.get(), entry.name, JoinPath(path, entry.name));
      }
    }
  }

  void LookAt(int dir, const char* name, std::string path) {
    if (std::ranges::find(skip_, path) != skip_.end()) return;
    const os::UniqueFd place(os::OpenName(dir, name));
    os::OpenedFile file;
    if (!place.valid() || os::Inspect(place.get(), file) < 0) return;
    if (file.kind == os::OpenedFile::Kind::kDirectory) {
      left_.push_back(std::move(path));
    } else if (file.links > 1 && wanted_.contains({file.dev, file.ino})) {
      found_.push_back({std::move(path), {file.dev, file.ino}});
    }
  }

  const Identities& wanted_;
  const std::span<const std::string> skip_;
  std::vector<std::string> left_;  ///< Directories.
  std::vector<NamedFile> found_;
  os::DirectoryReader reader_;
};

}  // namespace

bool HasOtherNames(const std::string& path, FileIdentity& out) {
  const os::UniqueFd place(os::OpenPlace(os::kCwd, path.c_str()));
  os::OpenedFile file;
  if (!place.valid() || os::Inspect(place.get(), file) < 0) return false;
  if (file.kind != os::OpenedFile::Kind::kRegular || file.links < 2) return false;
  out = {file.dev, file.ino};
  return true;
}

Result<std::vector<NamedFile>> FindNamesOf(std::span<const NamedFile> files,
                                           std::span<const std::string> roots,
                                           std::span<const std::string> skip) {
  Identities wanted;
  for (const NamedFile& one : files) wanted.emplace(one.file.dev, one.file.ino);
  Search search(wanted, skip);
  for (const std::string& root : roots) {
    if (const int r = search.Run(root); r < 0) {
      return FailErrno(-r, "cannot look below '" + Printable(root) +
                               "' for other names of files that are denied");
    }
  }
  return search.TakeFound();
}

}  // namespace ambit::run
