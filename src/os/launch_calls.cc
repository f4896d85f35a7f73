#include "os/launch_calls.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "base/host_facts.h"
#include "base/path_text.h"
#include "os/mount_calls.h"

namespace ambit::os {
namespace {

constexpr int kSeals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;

/// Whether anybody but root could change what is behind `place`.
Result<mode_t> CheckIsRoots(int place, const std::string& path) {
  struct stat st {};
  if (::fstat(place, &st) < 0) return FailErrno(errno, "cannot look at '" + Printable(path) + "'");
  if (st.st_uid != 0) {
    return Fail(ErrorCode::kUnsupported, "'" + Printable(path) +
                                             "' does not belong to root here, so it is not used; "
                                             "install the program of the distribution, or run "
                                             "ambit where root is known");
  }
  if ((st.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    return Fail(ErrorCode::kUnsupported, "'" + Printable(path) +
                                             "' can be written by others than root, so it is not "
                                             "used; take that permission away");
  }
  return st.st_mode;
}

Result<UniqueFd> OpenFoundPlace(const std::string& path) {
  UniqueFd place(OpenPlace(kCwd, path.c_str()));
  if (place.valid()) return place;
  if (-place.get() == ENOENT || -place.get() == ENOTDIR) {
    return Fail(ErrorCode::kNotFound, "there is no '" + Printable(path) + "'");
  }
  return FailErrno(-place.get(), "cannot use '" + Printable(path) + "'");
}

}  // namespace

Result<SystemProgram> OpenSystemProgram(const std::string& path) {
  SystemProgram out;
  for (std::size_t end = 1; end != std::string::npos; end = path.find('/', end + 1)) {
    const std::string dir = path.substr(0, end);
    AMBIT_TRY(const UniqueFd place, OpenFoundPlace(dir));
    AMBIT_CHECK(CheckIsRoots(place.get(), dir));
  }
  AMBIT_TRY(out.file, OpenFoundPlace(path));
  AMBIT_TRY(const mode_t mode, CheckIsRoots(out.file.get(), path));
  if (!S_ISREG(mode)) {
    return Fail(ErrorCode::kUnsupported, "'" + Printable(path) + "' is not a program");
  }
  out.path = path;
  out.set_id = (mode & (S_ISUID | S_ISGID)) != 0;
  return out;
}

Result<UniqueFd> OpenOwnProgram() {
  UniqueFd out(::open("/proc/self/exe", O_PATH | O_CLOEXEC));
  if (!out.valid()) return FailErrno(errno, "cannot open ambit's own program");
  return out;
}

Result<UniqueFd> Duplicate(int fd) {
  UniqueFd out(::fcntl(fd, F_DUPFD_CLOEXEC, 3));
  if (!out.valid()) return FailErrno(errno, "cannot copy a descriptor");
  return out;
}

Result<UniqueFd> HoldPlace(const std::string& path) {
  UniqueFd out(OpenPlace(kCwd, path.c_str()));
  if (!out.valid()) return FailErrno(-out.get(), "cannot take hold of '" + Printable(path) + "'");
  return out;
}

Result<UniqueFd> MakeSealedFile(std::string_view content) {
  UniqueFd out(::memfd_create("ambit", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!out.valid()) return FailErrno(errno, "cannot make a file in memory");
  while (!content.empty()) {
    const ssize_t n = ::write(out.get(), content.data(), content.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return FailErrno(errno, "cannot fill a file in memory");
    content.remove_prefix(static_cast<std::size_t>(n));
  }
  if (::lseek(out.get(), 0, SEEK_SET) < 0 || ::fcntl(out.get(), F_ADD_SEALS, kSeals) < 0) {
    return FailErrno(errno, "cannot seal a file in memory");
  }
  return out;
}

Result<std::string> ReadSealedFile(int fd) {
  struct stat st {};
  if (::fcntl(fd, F_GET_SEALS) != kSeals || ::fstat(fd, &st) < 0) {
    return Fail(ErrorCode::kSystem, "this is no sealed file in memory");
  }
  std::string out(static_cast<std::size_t>(st.st_size), '\0');
  for (std::size_t done = 0; done < out.size();) {
    const ssize_t n = ::pread(fd, out.data() + done, out.size() - done, static_cast<off_t>(done));
    if (n <= 0) return FailErrno(n < 0 ? errno : EIO, "cannot read a file in memory");
    done += static_cast<std::size_t>(n);
  }
  return out;
}

Result<SharedFile> MakeSharedFile(std::size_t bytes) {
  SharedFile out;
  out.fd.Reset(::memfd_create("ambit", MFD_CLOEXEC));
  if (!out.fd.valid() || ::ftruncate(out.fd.get(), static_cast<off_t>(bytes)) < 0) {
    return FailErrno(errno, "cannot make shared memory");
  }
  AMBIT_TRY(out.memory, MapSharedFile(out.fd.get(), bytes));
  return out;
}

Result<void*> MapSharedFile(int fd, std::size_t bytes) {
  void* const memory = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (memory == MAP_FAILED) return FailErrno(errno, "cannot map shared memory");
  return memory;
}

Result<Pipe> MakePipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) < 0) return FailErrno(errno, "cannot make a pipe");
  Pipe out{UniqueFd(ends[0]), UniqueFd(ends[1])};
  if (::fcntl(out.out.get(), F_SETFL, O_NONBLOCK) < 0) {
    return FailErrno(errno, "cannot make a pipe");
  }
  return out;
}

std::string ReadAvailable(int fd, std::size_t limit) {
  std::string out(limit, '\0');
  const ssize_t n = ::read(fd, out.data(), out.size());
  out.resize(n < 0 ? 0 : static_cast<std::size_t>(n));
  return out;
}

void WriteShort(int fd, std::string_view text) {
  [[maybe_unused]] const ssize_t n = ::write(fd, text.data(), text.size());
}

Result<NamespaceNumbers> OwnNamespaces() {
  NamespaceNumbers out{};
  std::size_t i = 0;
  for (const char* const name : {"user", "mnt", "pid", "ipc", "uts", "cgroup", "net"}) {
    struct stat st {};
    const std::string path = std::string("/proc/self/ns/") + name;
    if (::stat(path.c_str(), &st) < 0) return FailErrno(errno, "cannot look at '" + path + "'");
    out[i++] = st.st_ino;
  }
  return out;
}

int CopyTo(int fd, int to) { return ::dup2(fd, to) < 0 ? -errno : to; }

int ExecDescriptor(int program, char* const argv[], char* const envp[]) {
  ::syscall(SYS_execveat, program, "", argv, envp, AT_EMPTY_PATH);
  return -errno;
}

int InspectPlace(int place, PlaceFacts& out) {
  struct statx facts {};
  if (::statx(place, "", AT_EMPTY_PATH | AT_NO_AUTOMOUNT, STATX_BASIC_STATS, &facts) < 0) {
    return -errno;
  }
  struct statvfs mount {};
  if (::fstatvfs(place, &mount) < 0) return -errno;
  if ((facts.stx_attributes_mask & STATX_ATTR_MOUNT_ROOT) == 0) return -EOPNOTSUPP;
  out.dev = DeviceNumber(facts.stx_dev_major, facts.stx_dev_minor);
  out.ino = facts.stx_ino;
  out.mount_root = (facts.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
  out.read_only = (mount.f_flag & ST_RDONLY) != 0;
  out.no_suid = (mount.f_flag & ST_NOSUID) != 0;
  out.no_dev = (mount.f_flag & ST_NODEV) != 0;
  return 0;
}

}  // namespace ambit::os
