#include "os/secret_memory.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

#include "base/path_text.h"
#include "os/launch_calls.h"

namespace ambit::os {
namespace {

/// Reads up to `size` bytes from the start of `fd`; how many there are, or -errno.
ssize_t ReadWhole(int fd, char* bytes, std::size_t size) {
  std::size_t have = 0;
  while (have < size) {
    const ssize_t n = ::pread(fd, bytes + have, size - have, static_cast<off_t>(have));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return -errno;
    if (n == 0) break;
    have += static_cast<std::size_t>(n);
  }
  return static_cast<ssize_t>(have);
}

/// The same as a text, by way of memory that is wiped.
Result<SecretText> ReadText(int fd, std::size_t size, const std::string& failed) {
  std::vector<char> bytes(size);
  const ssize_t n = ReadWhole(fd, bytes.data(), size);
  if (n < 0) return FailErrno(static_cast<int>(-n), failed);
  SecretText out(std::string_view(bytes.data(), static_cast<std::size_t>(n)));
  Wipe(bytes.data(), bytes.size());
  return out;
}

}  // namespace

Result<SecretText> ReadSecretFile(const std::string& path, std::size_t limit) {
  const std::string name = "'" + Printable(path) + "'";
  // Non-blocking, so that a fifo of that name cannot hold us up.
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!fd.valid()) return FailErrno(errno, "cannot open " + name);
  struct stat info {};
  if (::fstat(fd.get(), &info) != 0) return FailErrno(errno, "cannot look at " + name);
  if (!S_ISREG(info.st_mode)) {
    return Fail(ErrorCode::kInvalidConfig, name + " is not a regular file");
  }
  AMBIT_TRY(SecretText out, ReadText(fd.get(), limit + 1, "cannot read " + name));
  if (out.size() <= limit) return out;
  return Fail(ErrorCode::kInvalidConfig,
              name + " is larger than " + std::to_string(limit) + " bytes");
}

void WipeVariable(std::string_view name) {
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    if (text.size() <= name.size() || text[name.size()] != '=' || !text.starts_with(name)) continue;
    Wipe(*entry + name.size() + 1, text.size() - name.size() - 1);
  }
}

Result<UniqueFd> HoldSecret(std::string_view text) {
  Result<UniqueFd> fd = MakeSealedFile(text);
  if (!fd) return FailErrno(fd.error().sys_errno, "cannot hold secrets in memory");
  return fd;
}

Result<SecretText> ReadHeldSecret(int fd) {
  struct stat info {};
  if (::fstat(fd, &info) != 0) return FailErrno(errno, "cannot take over secrets");
  return ReadText(fd, static_cast<std::size_t>(info.st_size), "cannot take over secrets");
}

}  // namespace ambit::os
