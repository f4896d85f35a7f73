#include "run/other_names.h"

#include <algorithm>
#include <cerrno>
#include <set>
#include <utility>

#include "base/path_text.h"
#include "os/disk_view.h"
#include "os/file_calls.h"
#include "os/mount_calls.h"
#include "os/unique_fd.h"
#include "run/tree_reader.h"

namespace ambit::run {
namespace {

using Identities = std::set<std::pair<std::uint64_t, std::uint64_t>>;

int Search(const std::string& root, const Identities& wanted, std::span<const std::string> skip,
           std::vector<NamedFile>& out) {
  const os::UniqueFd base(os::OpenNameWith(os::kCwd, root.c_str(), 0, 0));
  if (!base.valid()) return base.get() == -ENOENT || base.get() == -EACCES ? 0 : base.get();
  TreeReader tree(base.get(), TreeReader::Unreadable::kSkip);
  return tree.Run([&](int dir, const char* name, std::string_view path) {
    std::string full = JoinPath(root, path);
    if (std::ranges::find(skip, full) != skip.end()) return TreeReader::Next::kSkip;
    const os::UniqueFd place(os::OpenName(dir, name));
    os::OpenedFile file;
    if (!place.valid() || os::Inspect(place.get(), file) < 0) return TreeReader::Next::kEnter;
    if (file.links > 1 && wanted.contains({file.dev, file.ino})) {
      out.push_back({std::move(full), {file.dev, file.ino}});
    }
    return TreeReader::Next::kEnter;
  });
}

}  // namespace

bool HasOtherNames(const std::string& path, FileIdentity& out) {
  const Result<FileInfo> info = os::DiskView().Lstat(path);
  if (!info || info->kind != FileKind::kRegular || info->nlink < 2) return false;
  out = {info->dev, info->ino};
  return true;
}

Result<std::vector<NamedFile>> FindNamesOf(std::span<const NamedFile> files,
                                           std::span<const std::string> roots,
                                           std::span<const std::string> skip) {
  Identities wanted;
  for (const NamedFile& one : files) wanted.emplace(one.file.dev, one.file.ino);
  std::vector<NamedFile> out;
  for (const std::string& root : roots) {
    if (const int r = Search(root, wanted, skip, out); r < 0) {
      return FailErrno(-r, "cannot look below '" + Printable(root) +
                               "' for other names of files that are denied");
    }
  }
  return out;
}

}  // namespace ambit::run
