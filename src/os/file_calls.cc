#include "os/file_calls.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iterator>
#include <string_view>

#include "os/proc_path.h"
#include "os/unique_fd.h"

namespace ambit::os {
namespace {

int Check(long result) { return result < 0 ? -errno : static_cast<int>(result); }

/// The part of open's flags that says what the descriptor is for.
constexpr std::uint32_t kTmpFile = O_TMPFILE & ~O_DIRECTORY;
constexpr std::uint32_t kNever = O_NONBLOCK | O_NOCTTY | O_CLOEXEC;

int OpenResolved(int dir, const char* path, std::uint64_t flags, std::uint32_t mode,
                 std::uint64_t resolve) {
  open_how how{};
  how.flags = flags;
  how.mode = mode;
  how.resolve = resolve;
  return Check(::syscall(SYS_openat2, dir, path, &how, sizeof how));
}

/// openat2(2) refuses flags that open(2) ignores.
std::uint32_t KnownFlags(std::uint32_t flags) {
  constexpr std::uint32_t kKnown = O_ACCMODE | O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC | O_APPEND |
                                   O_NONBLOCK | O_SYNC | O_ASYNC | O_DIRECT | O_LARGEFILE |
                                   O_DIRECTORY | O_NOFOLLOW | O_NOATIME | O_CLOEXEC | kTmpFile;
  return flags & kKnown;
}

/// The number after `key` in the text of a /proc file; -1 when it is not there.
long NumberAfter(const char* text, const char* key, int base) {
  const char* at = std::strstr(text, key);
  if (at == nullptr) return -1;
  at += std::strlen(key);
  while (*at == ' ' || *at == '\t') ++at;
  if (*at < '0' || *at > '9') return -1;
  long value = 0;
  for (; *at >= '0' && *at <= '9'; ++at) value = value * base + (*at - '0');
  return value;
}

/// The set of signals after `key` in the text of /proc/PID/status.
std::uint64_t SignalsAfter(const char* text, const char* key) {
  const char* const at = std::strstr(text, key);
  return at == nullptr ? 0 : std::strtoull(at + std::strlen(key), nullptr, 16);
}

int ReadSmallFile(const char* path, char* out, std::size_t size) {
  const UniqueFd fd(::open(path, O_RDONLY | O_CLOEXEC));
  if (!fd.valid()) return -errno;
  const ssize_t n = ::read(fd.get(), out, size - 1);
  if (n < 0) return -errno;
  out[n] = '\0';
  return static_cast<int>(n);
}

/// The device of the terminal that a thread's session has; 0: none.
long TerminalOf(const char* stat_path) {
  char text[1024];
  if (ReadSmallFile(stat_path, text, sizeof text) < 0) return 0;
  // The program's name may hold anything; the fields go on after the last parenthesis: state,
  // parent, group, session, terminal (proc_pid_stat(5)).
  const char* at = std::strrchr(text, ')');
  for (int field = 0; at != nullptr && field < 5; ++field) at = std::strchr(at + 1, ' ');
  return at == nullptr ? 0 : NumberAfter(at, " ", 10);
}

/// A directory of /proc stays open, because the way to it is most of the cost of a look into it.
int own_descriptors = -1;

/// Where `OwnDescriptor::name` means our descriptor.
struct OwnDescriptor {
  explicit OwnDescriptor(int fd) : path(ProcPath::OwnDescriptor(fd)) {}
  [[nodiscard]] int dir() const { return own_descriptors < 0 ? AT_FDCWD : own_descriptors; }
  [[nodiscard]] const char* name() const {
    return own_descriptors < 0 ? path.text() : path.text() + std::strlen("/proc/self/fd/");
  }
  ProcPath path;
};

}  // namespace

int KeepOwnDescriptorsOpen() {
  own_descriptors = Check(::open("/proc/self/fd", O_PATH | O_DIRECTORY | O_CLOEXEC));
  return own_descriptors;
}

int OpenAnyPath(int dir, const char* path, bool follow) {
  return OpenResolved(dir, path, O_PATH | O_CLOEXEC | (follow ? 0 : O_NOFOLLOW), 0,
                      RESOLVE_NO_MAGICLINKS);
}

int OpenDirectoryPath(int dir, const char* path) {
  return OpenResolved(dir, path, O_PATH | O_CLOEXEC | O_DIRECTORY, 0, RESOLVE_NO_MAGICLINKS);
}

int OpenName(int dir, const char* name) {
  return Check(::openat(dir, name, O_PATH | O_CLOEXEC | O_NOFOLLOW));
}

int OpenMagic(int dir, const char* name) { return Check(::openat(dir, name, O_PATH | O_CLOEXEC)); }

int OpenForReading(int dir, const char* path, std::uint32_t flags) {
  return OpenResolved(dir, path, KnownFlags(flags) | kNever, 0, RESOLVE_NO_MAGICLINKS);
}

int OpenWithoutLinks(int dir, const char* path, std::uint32_t flags) {
  return OpenResolved(dir, path, KnownFlags(flags) | kNever, 0, RESOLVE_NO_SYMLINKS);
}

int OpenWithin(int dir, const char* path, std::uint32_t flags) {
  return OpenResolved(dir, path, KnownFlags(flags) | kNever, 0,
                      RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS);
}

int OpenNameWith(int dir, const char* name, std::uint32_t flags, std::uint32_t mode) {
  return Check(::openat(dir, name, static_cast<int>(KnownFlags(flags) | kNever | O_NOFOLLOW),
                        static_cast<mode_t>(mode)));
}

int Reopen(int place, std::uint32_t flags) {
  const std::uint32_t kept = KnownFlags(flags) & ~static_cast<std::uint32_t>(O_NOFOLLOW);
  return Check(::open(ProcPath::OwnDescriptor(place).text(), static_cast<int>(kept | kNever), 0));
}

bool WantsWriteAccess(std::uint32_t flags) { return (flags & O_ACCMODE) != O_RDONLY; }
bool WantsCreation(std::uint32_t flags) { return (flags & O_CREAT) != 0; }
bool WantsNewFile(std::uint32_t flags) {
  return (flags & (O_CREAT | O_EXCL)) == static_cast<std::uint32_t>(O_CREAT | O_EXCL);
}
bool WantsUnnamed(std::uint32_t flags) { return (flags & kTmpFile) != 0; }
bool WantsEmpty(std::uint32_t flags) { return (flags & O_TRUNC) != 0; }
bool WantsPathOnly(std::uint32_t flags) { return (flags & O_PATH) != 0; }
bool WantsCloseOnExec(std::uint32_t flags) { return (flags & O_CLOEXEC) != 0; }
bool WantsNoWaiting(std::uint32_t flags) { return (flags & O_NONBLOCK) != 0; }
bool WantsChange(std::uint32_t flags) {
  return WantsWriteAccess(flags) || WantsCreation(flags) || WantsEmpty(flags) ||
         WantsUnnamed(flags);
}
std::uint32_t WithoutCreation(std::uint32_t flags) {
  return flags & ~static_cast<std::uint32_t>(O_CREAT | O_EXCL);
}

int Inspect(int fd, OpenedFile& out) {
  struct stat st {};
  if (::fstat(fd, &st) < 0) return -errno;
  out.kind = S_ISREG(st.st_mode)    ? OpenedFile::Kind::kRegular
             : S_ISDIR(st.st_mode)  ? OpenedFile::Kind::kDirectory
             : S_ISFIFO(st.st_mode) ? OpenedFile::Kind::kPipe
             : S_ISLNK(st.st_mode)  ? OpenedFile::Kind::kLink
             : S_ISSOCK(st.st_mode) ? OpenedFile::Kind::kSocket
                                    : OpenedFile::Kind::kOther;
  out.dev = st.st_dev;
  out.ino = st.st_ino;
  out.links = st.st_nlink;
  out.uid = st.st_uid;
  out.sticky_for_all =
      S_ISDIR(st.st_mode) && (st.st_mode & S_ISVTX) != 0 && (st.st_mode & S_IWOTH) != 0;
  return 0;
}

int IsOnProc(int fd) {
  struct statfs st {};
  if (::fstatfs(fd, &st) < 0) return -errno;
  return st.f_type == PROC_SUPER_MAGIC ? 1 : 0;
}

bool IsKernelInterface(int fd) {
  constexpr std::uint32_t kTypes[] = {
      PROC_SUPER_MAGIC, SYSFS_MAGIC,        SECURITYFS_MAGIC,     DEBUGFS_MAGIC,
      TRACEFS_MAGIC,    CGROUP_SUPER_MAGIC, CGROUP2_SUPER_MAGIC,  BPF_FS_MAGIC,
      EFIVARFS_MAGIC,   BINFMTFS_MAGIC,     PSTOREFS_MAGIC,       SELINUX_MAGIC,
      SMACK_MAGIC,      DEVPTS_SUPER_MAGIC, RDTGROUP_SUPER_MAGIC, XENFS_SUPER_MAGIC,
      0x62656570,  // configfs
      0x19800202,  // mqueue
      0x65735543,  // fusectl
      0x6e667364,  // nfsd
      0x67596969,  // rpc_pipefs
  };
  struct statfs st {};
  if (::fstatfs(fd, &st) < 0) return true;
  return std::ranges::find(kTypes, static_cast<std::uint32_t>(st.f_type)) != std::end(kTypes);
}

int ReadAt(int fd, std::uint64_t offset, void* out, std::size_t size) {
  const ssize_t n = ::pread(fd, out, size, static_cast<off_t>(offset));
  return n < 0 ? -errno : static_cast<int>(n);
}

int PathOf(int fd, char* out, std::size_t size) {
  const OwnDescriptor own(fd);
  return ReadLinkAt(own.dir(), own.name(), out, size);
}

int ReadLinkAt(int dir, const char* name, char* out, std::size_t size) {
  const ssize_t n = ::readlinkat(dir, name, out, size);
  if (n < 0) return -errno;
  if (static_cast<std::size_t>(n) >= size) return -ENAMETOOLONG;
  out[n] = '\0';
  return static_cast<int>(n);
}

int Exists(int dir, const char* name) {
  struct stat st {};
  return ::fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 ? 1 : 0;
}

int RestoreWaiting(int fd, std::uint32_t flags) {
  if ((flags & O_NONBLOCK) != 0) return 0;
  // The flags that this can set at all, as they were asked for.
  return Check(::fcntl(fd, F_SETFL, static_cast<int>(flags & (O_APPEND | O_DIRECT | O_NOATIME))));
}

int HasWriter(int fd) {
  // Copying without taking tells "nobody" (0) from "nothing yet" (EAGAIN), see tee(2).
  int copy[2];
  if (::pipe2(copy, O_CLOEXEC | O_NONBLOCK) < 0) return -errno;
  const UniqueFd out(copy[0]);
  const UniqueFd in(copy[1]);
  const ssize_t n = ::tee(fd, in.get(), 1, SPLICE_F_NONBLOCK);
  if (n < 0) return errno == EAGAIN ? 1 : -errno;
  return n > 0 ? 1 : 0;
}

int MakeDirectory(int dir, const char* name, std::uint32_t mode) {
  return Check(::mkdirat(dir, name, static_cast<mode_t>(mode)));
}

int MakeNode(int dir, const char* name, std::uint32_t mode, std::uint64_t device) {
  return Check(::mknodat(dir, name, static_cast<mode_t>(mode), static_cast<dev_t>(device)));
}

int MakeSymlink(const char* text, int dir, const char* name) {
  return Check(::symlinkat(text, dir, name));
}

int LinkOpened(int place, int dir, const char* name) {
  return Check(
      ::linkat(AT_FDCWD, ProcPath::OwnDescriptor(place).text(), dir, name, AT_SYMLINK_FOLLOW));
}

int LinkName(int old_dir, const char* old_name, int dir, const char* name) {
  return Check(::linkat(old_dir, old_name, dir, name, 0));
}

int Rename(int old_dir, const char* old_name, int dir, const char* name, std::uint32_t flags) {
  return Check(::renameat2(old_dir, old_name, dir, name, flags));
}

bool IsExchange(std::uint32_t rename_flags) { return (rename_flags & RENAME_EXCHANGE) != 0; }

int Remove(int dir, const char* name, bool directory) {
  return Check(::unlinkat(dir, name, directory ? AT_REMOVEDIR : 0));
}

int Truncate(int place, std::int64_t length) {
  OpenedFile file;
  if (const int r = Inspect(place, file); r < 0) return r;
  if (file.kind == OpenedFile::Kind::kDirectory) return -EISDIR;
  if (file.kind != OpenedFile::Kind::kRegular) return -EINVAL;
  // Not truncate(2), which waits for whoever has a lease on the file.
  const UniqueFd fd(Reopen(place, O_WRONLY));
  if (!fd.valid()) return fd.get();
  return Check(::ftruncate(fd.get(), length));
}

int ChangeMode(int place, std::uint32_t mode) {
  return Check(
      ::fchmodat(AT_FDCWD, ProcPath::OwnDescriptor(place).text(), static_cast<mode_t>(mode), 0));
}

int ChangeOwner(int place, std::uint32_t owner, std::uint32_t group) {
  return Check(::fchownat(place, "", owner, group, AT_EMPTY_PATH));
}

int ChangeTimes(int place, const FileTimes* times) {
  timespec both[2] = {};
  for (int i = 0; times != nullptr && i < 2; ++i) {
    both[i] = {times->seconds[i], times->nanoseconds[i]};
  }
  // The raw call: the C library's wrapper refuses an empty path together with its flag.
  return Check(
      ::syscall(SYS_utimensat, place, "", times == nullptr ? nullptr : both, AT_EMPTY_PATH));
}

int SetAttribute(int place, const char* name, const void* value, std::size_t size,
                 std::uint32_t flags) {
  return Check(::setxattr(ProcPath::OwnDescriptor(place).text(), name, value, size,
                          static_cast<int>(flags)));
}

int RemoveAttribute(int place, const char* name) {
  return Check(::removexattr(ProcPath::OwnDescriptor(place).text(), name));
}

int GetAttribute(int place, const char* name, void* out, std::size_t size) {
  return Check(::getxattr(ProcPath::OwnDescriptor(place).text(), name, out, size));
}

int ListAttributes(int place, char* out, std::size_t size) {
  return Check(::listxattr(ProcPath::OwnDescriptor(place).text(), out, size));
}

std::uint32_t SetUmask(std::uint32_t mask) { return ::umask(static_cast<mode_t>(mask)); }

int ReadProcessFacts(int thread, ProcessFacts& out) {
  char text[2048];
  if (const int r = ReadSmallFile(ProcPath(thread, "status").text(), text, sizeof text); r < 0) {
    return r;
  }
  const long group = NumberAfter(text, "\nTgid:", 10);
  const long mask = NumberAfter(text, "\nUmask:", 8);
  if (group <= 0 || mask < 0) return -ESRCH;
  out.group = static_cast<int>(group);
  out.umask = static_cast<std::uint32_t>(mask);
  return 0;
}

int ReadProcessName(int process, char (&out)[kProcessNameRoom]) {
  char text[kProcessNameRoom + 2];
  if (const int r = ReadSmallFile(ProcPath(process, "comm").text(), text, sizeof text); r < 0) {
    return r;
  }
  std::size_t length = ::strnlen(text, kProcessNameRoom);
  if (length > 0 && text[length - 1] == '\n') --length;
  length = std::min(length, kProcessNameRoom - 1);
  std::memcpy(out, text, length);
  std::memset(out + length, 0, kProcessNameRoom - length);
  return 0;
}

int HasSignal(int thread) {
  char text[2048];
  if (const int r = ReadSmallFile(ProcPath(thread, "status").text(), text, sizeof text); r < 0) {
    return r;
  }
  std::uint64_t waiting = SignalsAfter(text, "\nSigPnd:");
  if (NumberAfter(text, "\nThreads:", 10) == 1) waiting |= SignalsAfter(text, "\nShdPnd:");
  const std::uint64_t heard = SignalsAfter(text, "\nSigCgt:") & ~SignalsAfter(text, "\nSigBlk:");
  return (waiting & heard) != 0 ? 1 : 0;
}

int OpenWorkingDirectory(int thread) {
  return Check(::open(ProcPath(thread, "cwd").text(), O_PATH | O_CLOEXEC));
}

int OpenDescriptorOf(int thread, int fd) {
  if (fd < 0) return -EBADF;
  const int r = Check(::open(ProcPath(thread, "fd/", fd).text(), O_PATH | O_CLOEXEC));
  return r == -ENOENT ? -EBADF : r;
}

int OpenTerminalOf(int thread, std::uint32_t flags) {
  const long device = TerminalOf(ProcPath(thread, "stat").text());
  if (device <= 0) return -ENXIO;
  if (device == TerminalOf("/proc/self/stat")) {
    return Check(::open("/dev/tty", static_cast<int>(KnownFlags(flags) | kNever)));
  }
  // A terminal that the command made for itself (pts(4)).
  constexpr unsigned kFirstMajor = 136;
  const dev_t number = static_cast<dev_t>(device);
  if (::major(number) < kFirstMajor || ::major(number) > kFirstMajor + 7) return -ENXIO;
  char path[32] = "/dev/pts/";
  std::size_t at = std::strlen(path);
  char digits[12];
  std::size_t n = 0;
  unsigned index = (::major(number) - kFirstMajor) * 256 + ::minor(number);
  do {
    digits[n++] = static_cast<char>('0' + index % 10);
    index /= 10;
  } while (index != 0);
  while (n > 0) path[at++] = digits[--n];
  return Check(::open(path, static_cast<int>(KnownFlags(flags) | kNever)));
}

int DirectoryReader::Fill(int fd) {
  at_ = 0;
  have_ = 0;
  const long n = ::syscall(SYS_getdents64, fd, buffer_, sizeof buffer_);
  if (n < 0) return -errno;
  have_ = static_cast<std::size_t>(n);
  return static_cast<int>(n);
}

bool DirectoryReader::Next(DirectoryEntry& out) {
  while (at_ < have_) {
    // struct linux_dirent64 of getdents64(2): inode, offset, record length, type, name.
    const char* const record = buffer_ + at_;
    unsigned short length = 0;
    std::memcpy(&length, record + 16, sizeof length);
    std::memcpy(&out.next, record + 8, sizeof out.next);
    const auto type = static_cast<unsigned char>(record[18]);
    out.name = record + 19;
    out.may_be_directory = type == 4 || type == 0;
    at_ += length;
    const std::string_view name(out.name);
    if (name != "." && name != "..") return true;
  }
  return false;
}

int SeekDirectory(int fd, std::int64_t position) {
  return ::lseek(fd, position, SEEK_SET) < 0 ? -errno : 0;
}

}  // namespace ambit::os
