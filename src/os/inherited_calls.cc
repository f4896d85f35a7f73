#include "os/inherited_calls.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cerrno>

#include "os/file_calls.h"

namespace ambit::os {
namespace {

/// The kernel's list of devices (admin-guide/devices.rst): major number 1.
const char* MemoryDevice(const struct stat& info) {
  if (!S_ISCHR(info.st_mode) || major(info.st_rdev) != 1) return nullptr;
  switch (minor(info.st_rdev)) {
    case 3:
      return "/dev/null";
    case 5:
      return "/dev/zero";
    case 7:
      return "/dev/full";
    case 8:
      return "/dev/random";
    case 9:
      return "/dev/urandom";
    default:
      return nullptr;
  }
}

}  // namespace

bool LeadsToDisk(int fd) {
  struct stat info {};
  if (::fstat(fd, &info) != 0) return false;
  if (S_ISCHR(info.st_mode)) return MemoryDevice(info) == nullptr && ::isatty(fd) == 0;
  char path[64];  // "socket:[INODE]" and the like are shorter, also on a host that made many
  const int length = PathOf(fd, path, sizeof path);
  return length == -ENAMETOOLONG || (length > 0 && path[0] == '/');
}

int RenewMemoryDevice(int fd) {
  struct stat info {};
  if (::fstat(fd, &info) != 0) return 0;  // not open
  const char* const name = MemoryDevice(info);
  if (name == nullptr) return 0;
  const int flags = ::fcntl(fd, F_GETFL);
  if (flags < 0) return -errno;
  const int renewed = ::open(name, (flags & O_ACCMODE) | O_CLOEXEC);
  if (renewed < 0) return -errno;
  const int r = ::dup2(renewed, fd) < 0 ? -errno : 0;
  ::close(renewed);
  return r;
}

}  // namespace ambit::os
