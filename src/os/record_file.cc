#include "os/record_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <string_view>

#include "base/path_text.h"
#include "os/file_write.h"
#include "os/unique_fd.h"

namespace ambit::os {
namespace {

constexpr int kLockTries = 100;
constexpr timespec kBetweenTries{0, 10'000'000};

std::string Name(const std::string& path) { return "'" + Printable(path) + "'"; }

/// An open regular file of ours.
Result<UniqueFd> OpenOwn(const std::string& path, int flags) {
  // A pipe in its place must not hold us up.
  UniqueFd file(::open(path.c_str(), flags | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0600));
  if (!file.valid()) return FailErrno(errno, "cannot open " + Name(path));
  struct stat info {};
  if (::fstat(file.get(), &info) != 0) return FailErrno(errno, "cannot look at " + Name(path));
  if (!S_ISREG(info.st_mode) || info.st_uid != ::geteuid()) {
    return Fail(ErrorCode::kDenied, Name(path) + " is not a regular file of yours; remove it");
  }
  return file;
}

/// Waits for the lock a little. Whoever may read the file can hold it, so that it never decides
/// whether something is written, only whether writers get in each other's way.
bool Lock(const UniqueFd& file, int kind) {
  for (int i = 0; i < kLockTries; ++i) {
    if (::flock(file.get(), kind | LOCK_NB) == 0) return true;
    if (errno != EWOULDBLOCK && errno != EINTR) return false;
    ::nanosleep(&kBetweenTries, nullptr);
  }
  return false;
}

off_t SizeOf(const UniqueFd& file) {
  struct stat info {};
  return ::fstat(file.get(), &info) == 0 ? info.st_size : 0;
}

/// The bytes from `start` to the end.
Result<std::string> ReadFrom(const UniqueFd& file, off_t start, const std::string& path) {
  std::string out(static_cast<std::size_t>(std::max<off_t>(SizeOf(file) - start, 0)), '\0');
  std::size_t have = 0;
  while (have < out.size()) {
    const ssize_t n =
        ::pread(file.get(), out.data() + have, out.size() - have, start + static_cast<off_t>(have));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return FailErrno(errno, "cannot read " + Name(path));
    if (n == 0) break;
    have += static_cast<std::size_t>(n);
  }
  out.resize(have);
  return out;
}

/// The last `most` bytes, from the beginning of a line.
Result<std::string> NewestPart(const UniqueFd& file, std::size_t most, const std::string& path) {
  const off_t start = SizeOf(file) - static_cast<off_t>(most);
  if (start <= 0) return ReadFrom(file, 0, path);
  AMBIT_TRY(std::string text, ReadFrom(file, start - 1, path));
  const std::size_t end = text.find('\n');
  return end == std::string::npos ? "" : text.substr(end + 1);
}

/// One write for the whole line, so that lines of several processes do not mix.
Result<> AppendLine(const UniqueFd& file, const std::string& line, const std::string& path) {
  ssize_t written = 0;
  do {
    written = ::write(file.get(), line.data(), line.size());
  } while (written < 0 && errno == EINTR);
  if (written == static_cast<ssize_t>(line.size())) return {};
  return FailErrno(written < 0 ? errno : ENOSPC, "cannot write to " + Name(path));
}

/// Moves the newest part to the beginning and cuts the rest off. Takes no room on the disk; a crash
/// in between leaves at most one line damaged.
Result<> KeepNewest(const UniqueFd& file, std::size_t most, const std::string& path) {
  AMBIT_TRY(const std::string newest, NewestPart(file, most, path));
  // With O_APPEND, pwrite(2) would write to the end.
  const UniqueFd whole(::open(path.c_str(), O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  struct stat ours {};
  struct stat opened {};
  if (::fstat(file.get(), &ours) != 0 || ::fstat(whole.get(), &opened) != 0) {
    return FailErrno(errno, "cannot shorten " + Name(path));
  }
  if (ours.st_ino != opened.st_ino || ours.st_dev != opened.st_dev) return {};
  const auto size = static_cast<off_t>(newest.size());
  if (::pwrite(whole.get(), newest.data(), newest.size(), 0) != size ||
      ::ftruncate(whole.get(), size) != 0) {
    return FailErrno(errno, "cannot shorten " + Name(path));
  }
  return {};
}

/// Whether a crash left a line without its end.
bool EndsInsideALine(const UniqueFd& file) {
  char last = '\n';
  const off_t size = SizeOf(file);
  return size > 0 && ::pread(file.get(), &last, 1, size - 1) == 1 && last != '\n';
}

}  // namespace

Result<> MakeOwnDirectories(const std::string& path) {
  std::string existing = path;
  struct stat info {};
  while (::stat(existing.c_str(), &info) != 0) {
    if (errno != ENOENT || existing == "/") {
      return FailErrno(errno, "cannot look at " + Name(existing));
    }
    existing = ParentPath(existing);
  }
  if (info.st_uid != ::geteuid()) {
    return Fail(ErrorCode::kDenied, Name(existing) + " belongs to another user");
  }
  return MakeDirectories(path);
}

Result<> AppendLines(const std::string& path, const std::vector<std::string>& lines,
                     std::size_t most) {
  AMBIT_CHECK(MakeOwnDirectories(std::string(ParentPath(path))));
  AMBIT_TRY(const UniqueFd file, OpenOwn(path, O_RDWR | O_APPEND | O_CREAT));
  const bool locked = Lock(file, LOCK_EX);
  if (locked && EndsInsideALine(file)) AMBIT_CHECK(AppendLine(file, "\n", path));
  for (const std::string& line : lines) AMBIT_CHECK(AppendLine(file, line + '\n', path));
  if (!locked || SizeOf(file) <= static_cast<off_t>(most)) return {};
  return KeepNewest(file, most / 2, path);
}

Result<std::string> ReadLines(const std::string& path, std::size_t most) {
  AMBIT_TRY(const UniqueFd file, OpenOwn(path, O_RDONLY));
  Lock(file, LOCK_SH);
  return NewestPart(file, most, path);
}

}  // namespace ambit::os
