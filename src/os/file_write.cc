#include "os/file_write.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "base/path_text.h"
#include "os/unique_fd.h"

namespace ambit::os {
namespace {

std::string Name(const std::string& path) { return "'" + Printable(path) + "'"; }

Result<> WriteAll(const UniqueFd& file, std::string_view content, const std::string& path) {
  while (!content.empty()) {
    const ssize_t written = ::write(file.get(), content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return FailErrno(errno, "cannot write to " + Name(path));
    content.remove_prefix(static_cast<std::size_t>(written));
  }
  if (::fsync(file.get()) == 0) return {};
  return FailErrno(errno, "cannot write " + Name(path) + " to the disk");
}

/// Writes a new file and gives it the name `path`. The caller removes `temporary` on failure.
Result<> WriteAndRename(const std::string& temporary, std::string_view content,
                        const std::string& path) {
  const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
  const UniqueFd file(::open(temporary.c_str(), flags, 0600));
  if (file.get() < 0) return FailErrno(errno, "cannot make " + Name(temporary));
  // The umask may have taken more away than the owner can do without.
  if (::fchmod(file.get(), 0600) != 0) return FailErrno(errno, "cannot close " + Name(temporary));
  AMBIT_CHECK(WriteAll(file, content, temporary));
  if (::rename(temporary.c_str(), path.c_str()) == 0) return {};
  return FailErrno(errno, "cannot replace " + Name(path));
}

}  // namespace

Result<> MakeDirectories(const std::string& path) {
  if (::mkdir(path.c_str(), 0700) == 0 || errno == EEXIST) return {};
  if (errno != ENOENT || path == "/") {
    return FailErrno(errno, "cannot make the directory " + Name(path));
  }
  AMBIT_CHECK(MakeDirectories(std::string(ParentPath(path))));
  if (::mkdir(path.c_str(), 0700) == 0 || errno == EEXIST) return {};
  return FailErrno(errno, "cannot make the directory " + Name(path));
}

Result<> ReplaceFile(const std::string& path, std::string_view content) {
  const std::string directory(ParentPath(path));
  AMBIT_CHECK(MakeDirectories(directory));
  const std::string temporary = path + ".new-" + std::to_string(::getpid());
  // Left behind by a process of the same number that is gone: nobody else makes this name.
  static_cast<void>(::unlink(temporary.c_str()));
  Result<> result = WriteAndRename(temporary, content, path);
  if (!result) {
    static_cast<void>(::unlink(temporary.c_str()));
    return result;
  }
  // The rename lasts once the directory is on the disk; a filesystem that cannot sync one is fine.
  const UniqueFd holder(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (holder.get() >= 0) static_cast<void>(::fsync(holder.get()));
  return {};
}

}  // namespace ambit::os
