#include "run/tree_reader.h"

#include <cerrno>
#include <utility>

namespace ambit::run {

int TreeReader::Name(const os::DirectoryEntry& entry) {
  if (++names_ > kMostNames) return -EBUSY;
  below_.SetLength(length());
  return below_.AddName(entry.name) ? 0 : -ENAMETOOLONG;
}

int TreeReader::Enter(const os::DirectoryEntry& entry) {
  os::UniqueFd child(os::OpenNameWith(at(), entry.name, 0, 0));
  if (!child.valid()) {
    const bool gone_or_no_directory =
        child.get() == -ENOENT || child.get() == -ELOOP || child.get() == -ENXIO;
    const bool skip =
        (child.get() == -EACCES || child.get() == -EPERM) && unreadable_ == Unreadable::kSkip;
    return gone_or_no_directory || skip ? 0 : child.get();
  }
  os::OpenedFile file;
  if (const int r = os::Inspect(child.get(), file); r < 0) return r;
  if (file.kind != os::OpenedFile::Kind::kDirectory) return 0;
  if (depth_ == kMostDepth) return -EBUSY;
  // The rest of this directory is read again from here.
  if (const int r = os::SeekDirectory(at(), entry.next); r < 0) return r;
  levels_[depth_].fd = std::move(child);
  levels_[depth_].length = below_.view().size();
  ++depth_;
  return 1;
}

void TreeReader::Leave() { levels_[--depth_].fd.Reset(); }

}  // namespace ambit::run
