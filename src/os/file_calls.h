#pragma once

#include <cstddef>
#include <cstdint>

#include "os/notified_call.h"

/// File operations on descriptors, for carrying calls out on behalf of other processes. As in
/// mount_calls.h: nothing allocates, results are >= 0 or -errno. `dir` and `name` go together: a
/// descriptor of a directory and a single component (with a trailing slash when the caller wrote
/// one) that is never followed when it is a link.
namespace ambit::os {

/// Makes PathOf quicker for the rest of this process. Call it once, with /proc in place.
int KeepOwnDescriptorsOpen();

/// O_PATH descriptor of what `path` leads to from `dir`. Links on the way are followed, but no
/// magic ones (-ELOOP). `follow` says whether one at the end is, too.
int OpenAnyPath(int dir, const char* path, bool follow);
/// The same, and it has to be a directory.
int OpenDirectoryPath(int dir, const char* path);
/// O_PATH descriptor of `name`, a link itself included.
int OpenName(int dir, const char* name);
/// O_PATH descriptor of what the link `name` of procfs leads to.
int OpenMagic(int dir, const char* name);

/// Opens as open(2), never waiting for a pipe's other end, never taking a terminal, and with
/// close-on-exec. `path` may have links on the way and at the end, but no magic ones.
int OpenForReading(int dir, const char* path, std::uint32_t flags);
/// The same where neither the name nor the way to it is a link; -ELOOP otherwise.
int OpenWithoutLinks(int dir, const char* path, std::uint32_t flags);
/// The same with links, as long as nothing leads out of `dir`; -EXDEV otherwise (openat2(2)).
int OpenWithin(int dir, const char* path, std::uint32_t flags);
/// The same for one name, which may be made.
int OpenNameWith(int dir, const char* name, std::uint32_t flags, std::uint32_t mode);
/// The file behind the O_PATH descriptor `place` with the given flags; never waits either.
int Reopen(int place, std::uint32_t flags);
/// Whether `flags` of open(2) can change something: write access, or making, or emptying a file.
bool WantsChange(std::uint32_t flags);
/// Whether they ask for a descriptor to write to.
bool WantsWriteAccess(std::uint32_t flags);
/// Single flags of open(2), by what they ask for.
bool WantsCreation(std::uint32_t flags);
bool WantsNewFile(std::uint32_t flags);  ///< O_EXCL with O_CREAT
bool WantsUnnamed(std::uint32_t flags);  ///< O_TMPFILE
bool WantsEmpty(std::uint32_t flags);    ///< O_TRUNC
bool WantsPathOnly(std::uint32_t flags);
bool WantsCloseOnExec(std::uint32_t flags);
bool WantsNoWaiting(std::uint32_t flags);
std::uint32_t WithoutCreation(std::uint32_t flags);

/// What an open file is.
struct OpenedFile {
  enum class Kind : std::uint8_t { kRegular, kDirectory, kPipe, kLink, kSocket, kOther };
  Kind kind = Kind::kOther;
  std::uint64_t dev = 0;
  std::uint64_t ino = 0;
  std::uint64_t links = 0;
  std::uint32_t uid = 0;
  bool sticky_for_all = false;  ///< A directory where everybody may write, with the sticky bit.
};
int Inspect(int fd, OpenedFile& out);
/// Reads at most `size` bytes from `offset` on. The number read, 0 at the end.
int ReadAt(int fd, std::uint64_t offset, void* out, std::size_t size);
/// 1 when the file is one of procfs.
int IsOnProc(int fd);
/// Whether the file is one of a filesystem whose files are the kernel's own: processes, switches,
/// control groups, terminals. Also when that cannot be found out.
bool IsKernelInterface(int fd);

/// The canonical path of an open file; for what has no path, a text that does not begin with "/".
/// A file that was removed has " (deleted)" after it. Returns the length; -ENAMETOOLONG.
int PathOf(int fd, char* out, std::size_t size);
/// The text of the link `name`. -EINVAL: it is none. Returns the length; -ENAMETOOLONG.
int ReadLinkAt(int dir, const char* name, char* out, std::size_t size);
/// 1 when `name` exists (a link counts itself), else 0.
int Exists(int dir, const char* name);

/// Makes the descriptor wait again where open was told not to, unless `flags` asked for that.
int RestoreWaiting(int fd, std::uint32_t flags);
/// Whether anybody has the reading end `fd` of a pipe, opened without waiting, open for writing.
/// Takes nothing out of it. 1 or 0.
int HasWriter(int fd);

int MakeDirectory(int dir, const char* name, std::uint32_t mode);
int MakeNode(int dir, const char* name, std::uint32_t mode, std::uint64_t device);
int MakeSymlink(const char* text, int dir, const char* name);
/// A second name for the open file `place` (which O_TMPFILE may have made).
int LinkOpened(int place, int dir, const char* name);
/// A second name for `old`, itself when it is a link.
int LinkName(int old_dir, const char* old_name, int dir, const char* name);
int Rename(int old_dir, const char* old_name, int dir, const char* name, std::uint32_t flags);
bool IsExchange(std::uint32_t rename_flags);
int Remove(int dir, const char* name, bool directory);
int Truncate(int place, std::int64_t length);
/// These work on O_PATH descriptors; on one of a link, where Linux can, on the link itself.
int ChangeMode(int place, std::uint32_t mode);
int ChangeOwner(int place, std::uint32_t owner, std::uint32_t group);
int ChangeTimes(int place, const FileTimes* times);  ///< null: now.
int SetAttribute(int place, const char* name, const void* value, std::size_t size,
                 std::uint32_t flags);
int RemoveAttribute(int place, const char* name);
/// The length of the attribute, of which as much as fits is in `out`; -ERANGE as getxattr(2).
int GetAttribute(int place, const char* name, void* out, std::size_t size);
int ListAttributes(int place, char* out, std::size_t size);

/// Permission bits that new files of this process lack from now on; those that they lacked.
std::uint32_t SetUmask(std::uint32_t mask);

/// What /proc tells of another process.
struct ProcessFacts {
  int group = 0;  ///< Its process id; a thread has the one of its process.
  std::uint32_t umask = 022;
};
int ReadProcessFacts(int thread, ProcessFacts& out);
/// What the process calls itself (comm of proc(5)): any bytes but zero, and a zero behind them.
inline constexpr std::size_t kProcessNameRoom = 16;
int ReadProcessName(int process, char (&out)[kProcessNameRoom]);
/// 1 when a signal waits that is certain to run a handler in this very thread, else 0. One for the
/// whole process counts only where there is no other thread to take it.
int HasSignal(int thread);
/// O_PATH descriptor of its working directory, or of its descriptor `fd` (-EBADF).
int OpenWorkingDirectory(int thread);
int OpenDescriptorOf(int thread, int fd);
/// The terminal of its session: opened for reading, or -ENXIO.
int OpenTerminalOf(int thread, std::uint32_t flags);

/// Entries of an open directory, read piecewise; see getdents64(2).
struct DirectoryEntry {
  const char* name = nullptr;
  bool may_be_directory = false;
  std::int64_t next = 0;  ///< Where reading goes on after this entry.
};
class DirectoryReader {
 public:
  /// Fills the buffer from `fd`. 0: at the end.
  int Fill(int fd);
  /// The next entry in the buffer that is not "." or "..", or false.
  bool Next(DirectoryEntry& out);

 private:
  alignas(8) char buffer_[16384];
  std::size_t have_ = 0;
  std::size_t at_ = 0;
};
int SeekDirectory(int fd, std::int64_t position);

}  // namespace ambit::os
