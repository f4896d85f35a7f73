#include "os/mount_calls.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <string_view>
#include <utility>

#include "os/unique_fd.h"

namespace ambit::os {
namespace {

int Check(long result) { return result < 0 ? -errno : static_cast<int>(result); }

std::uint64_t ToAttributes(const MountFlags& flags) {
  std::uint64_t out = 0;
  if (flags.read_only) out |= MOUNT_ATTR_RDONLY;
  if (flags.no_suid) out |= MOUNT_ATTR_NOSUID;
  if (flags.no_dev) out |= MOUNT_ATTR_NODEV;
  if (flags.no_exec) out |= MOUNT_ATTR_NOEXEC;
  return out;
}

struct FsOption {
  const char* key;
  const char* value;
};

int NewMount(const char* type, const FsOption* options, int count, const MountFlags& flags) {
  const int context = Check(::fsopen(type, FSOPEN_CLOEXEC));
  if (context < 0) return context;
  UniqueFd owner(context);
  for (int i = 0; i < count; ++i) {
    if (::fsconfig(context, FSCONFIG_SET_STRING, options[i].key, options[i].value, 0) < 0) {
      return -errno;
    }
  }
  if (::fsconfig(context, FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) < 0) return -errno;
  return Check(::fsmount(context, FSMOUNT_CLOEXEC, static_cast<unsigned>(ToAttributes(flags))));
}

}  // namespace

namespace {
int OpenShortPlace(int dir, const char* path) {
  open_how how{};
  how.flags = O_PATH | O_NOFOLLOW | O_CLOEXEC;
  how.resolve = RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
  return Check(::syscall(SYS_openat2, dir, path, &how, sizeof how));
}
}  // namespace

int OpenPlace(int dir, const char* path) {
  std::string_view rest(path);
  if (rest.size() < PATH_MAX) return OpenShortPlace(dir, path);
  // From directory to directory, as much as the kernel takes at once.
  UniqueFd reached;
  for (;;) {
    const std::size_t size = rest.size() < PATH_MAX ? rest.size() : rest.rfind('/', PATH_MAX - 1);
    if (size == 0 || size == std::string_view::npos) return -ENAMETOOLONG;
    char piece[PATH_MAX];
    *std::ranges::copy(rest.substr(0, size), piece).out = '\0';
    UniqueFd next(OpenShortPlace(reached.valid() ? reached.get() : dir, piece));
    if (!next.valid() || size == rest.size()) return next.Release();
    reached = std::move(next);
    rest.remove_prefix(size + 1);
  }
}

int IsDirectory(int fd) {
  struct stat st {};
  if (::fstat(fd, &st) < 0) return -errno;
  return S_ISDIR(st.st_mode) ? 1 : 0;
}

int CloneMounts(int fd) {
  return Check(
      ::open_tree(fd, "", AT_EMPTY_PATH | AT_RECURSIVE | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC));
}

int CloneMount(int fd) {
  return Check(::open_tree(fd, "", AT_EMPTY_PATH | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC));
}

int CloneMountsAt(int dir, const char* name) {
  return Check(::open_tree(
      dir, name, AT_SYMLINK_NOFOLLOW | AT_RECURSIVE | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC));
}

int SetMountFlags(int fd, const MountFlags& set, const MountFlags& clear, bool recursive) {
  struct mount_attr attributes {};
  attributes.attr_set = ToAttributes(set);
  attributes.attr_clr = ToAttributes(clear);
  attributes.propagation = MS_PRIVATE;
  const unsigned flags = AT_EMPTY_PATH | (recursive ? static_cast<unsigned>(AT_RECURSIVE) : 0U);
  return Check(::mount_setattr(fd, "", flags, &attributes, sizeof attributes));
}

int Attach(int tree, int target) {
  return Check(
      ::move_mount(tree, "", target, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH));
}

int NewTmpfs(const char* size, const char* mode) {
  const FsOption options[] = {{"size", size}, {"mode", mode}};
  return NewMount("tmpfs", options, 2, {.no_suid = true, .no_dev = true});
}

int NewProc() {
  return NewMount("proc", nullptr, 0, {.no_suid = true, .no_dev = true, .no_exec = true});
}

int NewDevpts() {
  const FsOption options[] = {{"ptmxmode", "0666"}, {"mode", "0620"}};
  return NewMount("devpts", options, 2, {.no_suid = true, .no_exec = true});
}

int PivotInto(int root) {
  if (::fchdir(root) < 0) return -errno;
  // With both arguments ".", the old root ends up stacked on the new one and can be detached
  // without a directory to put it in: pivot_root(2), "pivot_root(".", ".")".
  if (::syscall(SYS_pivot_root, ".", ".") < 0) return -errno;
  if (::umount2(".", MNT_DETACH) < 0) return -errno;
  return Check(::chdir("/"));
}

int MakeDirectoryAt(int dir, const char* name, std::uint32_t mode) {
  return Check(::mkdirat(dir, name, static_cast<mode_t>(mode)));
}

int MakeFileAt(int dir, const char* name, std::uint32_t mode) {
  return Check(::mknodat(dir, name, S_IFREG | static_cast<mode_t>(mode), 0));
}

int FillFileAt(int dir, const char* name, const char* text, std::size_t size) {
  const int fd = ::openat(dir, name, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0) return -errno;
  const ssize_t r = ::write(fd, text, size);
  const int failed = r < 0 ? -errno : r == static_cast<ssize_t>(size) ? 0 : -ENOSPC;
  ::close(fd);
  return failed;
}

int MakeLinkAt(int dir, const char* name, const char* text) {
  return Check(::symlinkat(text, dir, name));
}

}  // namespace ambit::os
