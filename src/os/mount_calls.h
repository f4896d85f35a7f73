#pragma once

#include <cstddef>
#include <cstdint>

/// Mount operations on descriptors. Every function makes a handful of system calls, allocates
/// nothing and may be used between fork and exec. All return a value >= 0, or -errno.
/// Sources: open_tree(2), move_mount(2), mount_setattr(2), fsopen(2), openat2(2).
namespace ambit::os {

inline constexpr int kCwd = -100;  ///< AT_FDCWD

/// O_PATH descriptor of `path` below `dir`. No component may be a link (-ELOOP) or a magic link, so
/// nobody can swap one in between deciding and mounting. It may be longer than PATH_MAX.
int OpenPlace(int dir, const char* path);

/// 1 when `fd` is a directory, else 0.
int IsDirectory(int fd);

/// A detached copy of the mounts at and below the place `fd`.
int CloneMounts(int fd);
/// A detached copy of the one mount at the place `fd`, without those below it.
int CloneMount(int fd);
/// As CloneMounts, for the single component `name` below `dir` (a link itself is not followed).
int CloneMountsAt(int dir, const char* name);

/// Attributes of mount_setattr(2).
struct MountFlags {
  bool read_only = false;
  bool no_suid = false;
  bool no_dev = false;
  bool no_exec = false;
};
/// Sets `set`, clears `clear`, and makes propagation private, for the mount `fd` and (recursive)
/// all below it. `fd` may be a detached tree or any O_PATH descriptor of a mount's root.
int SetMountFlags(int fd, const MountFlags& set, const MountFlags& clear, bool recursive);

/// Mounts the detached `tree` on the place `target`.
int Attach(int tree, int target);

/// A new detached tmpfs mount (nosuid, nodev). `size` such as "64m"; `mode` such as "755".
int NewTmpfs(const char* size, const char* mode);
/// A new detached proc mount for the caller's pid namespace (nosuid, nodev, noexec).
int NewProc();
/// A new detached devpts instance (nosuid, noexec).
int NewDevpts();

/// Makes the root of the mount `root` the root directory and detaches the old root.
int PivotInto(int root);

/// With this mode, less the caller's umask.
int MakeDirectoryAt(int dir, const char* name, std::uint32_t mode);
/// The same for an empty regular file.
int MakeFileAt(int dir, const char* name, std::uint32_t mode);
/// Writes `text` to the file, from its start.
int FillFileAt(int dir, const char* name, const char* text, std::size_t size);
int MakeLinkAt(int dir, const char* name, const char* text);

}  // namespace ambit::os
