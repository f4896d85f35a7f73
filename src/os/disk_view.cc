#include "os/disk_view.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>

#include "base/path_text.h"
#include "os/unique_fd.h"

namespace ambit::os {
namespace {

FileKind KindOf(mode_t mode) {
  if (S_ISREG(mode)) return FileKind::kRegular;
  if (S_ISDIR(mode)) return FileKind::kDirectory;
  if (S_ISLNK(mode)) return FileKind::kSymlink;
  if (S_ISSOCK(mode)) return FileKind::kSocket;
  return FileKind::kOther;
}

std::string Quoted(const std::string& path) { return '\'' + Printable(path) + '\''; }

}  // namespace

Result<FileInfo> DiskView::Lstat(const std::string& path) const {
  struct stat st {};
  if (::lstat(path.c_str(), &st) < 0) {
    if (errno == ENOENT || errno == ENOTDIR) return FileInfo{};
    return FailErrno(errno, "cannot look at " + Quoted(path));
  }
  FileInfo info;
  info.kind = KindOf(st.st_mode);
  info.dev = st.st_dev;
  info.ino = st.st_ino;
  info.nlink = st.st_nlink;
  info.uid = st.st_uid;
  info.mode = st.st_mode & 07777U;
  return info;
}

Result<std::string> DiskView::ReadLink(const std::string& path) const {
  std::array<char, 4096> text;
  const ssize_t n = ::readlink(path.c_str(), text.data(), text.size());
  if (n < 0) return FailErrno(errno, "cannot read the link " + Quoted(path));
  return std::string(text.data(), static_cast<std::size_t>(n));
}

Result<std::string> DiskView::ReadFile(const std::string& path, std::size_t limit) const {
  // Non-blocking, so that a fifo under a configuration file's name cannot hold us up.
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!fd.valid()) return FailErrno(errno, "cannot open " + Quoted(path));
  struct stat st {};
  if (::fstat(fd.get(), &st) < 0) return FailErrno(errno, "cannot look at " + Quoted(path));
  if (!S_ISREG(st.st_mode)) {
    return Fail(ErrorCode::kInvalidConfig, Quoted(path) + " is not a regular file");
  }
  std::string text;
  text.reserve(std::min(static_cast<std::size_t>(st.st_size), limit));
  std::array<char, 65536> chunk;
  for (;;) {
    const ssize_t n = ::read(fd.get(), chunk.data(), chunk.size());
    if (n < 0) {
      if (errno == EINTR) continue;
      return FailErrno(errno, "cannot read " + Quoted(path));
    }
    if (n == 0) return text;
    text.append(chunk.data(), static_cast<std::size_t>(n));
    if (text.size() > limit) {
      return Fail(ErrorCode::kInvalidConfig,
                  Quoted(path) + " is larger than " + std::to_string(limit) + " bytes");
    }
  }
}

Result<std::vector<std::string>> DiskView::ListDirectory(const std::string& path) const {
  const auto close_directory = [](DIR* directory) { ::closedir(directory); };
  const std::unique_ptr<DIR, decltype(close_directory)> directory(::opendir(path.c_str()));
  if (!directory) return FailErrno(errno, "cannot list " + Quoted(path));
  std::vector<std::string> names;
  for (;;) {
    errno = 0;
    const dirent* const entry = ::readdir(directory.get());
    if (!entry) break;
    std::string name = entry->d_name;
    if (name != "." && name != "..") names.push_back(std::move(name));
  }
  if (errno != 0) return FailErrno(errno, "cannot list " + Quoted(path));
  std::ranges::sort(names);
  return names;
}

}  // namespace ambit::os
