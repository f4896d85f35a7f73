#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "os/unique_fd.h"

/// What it takes to start another program of the system by descriptor, to hand descriptors to it,
/// and to look at what it has mounted.
namespace ambit::os {

/// A program of the system that nobody but root could have put there or changed.
struct SystemProgram {
  UniqueFd file;
  std::string path;
  bool set_id = false;  ///< It runs with its owner's privileges.
};
/// The program at `path`. Errors: kNotFound; kUnsupported where it, or a directory on the way to
/// it, is not root's or can be written by others, or where the path has a link in it.
Result<SystemProgram> OpenSystemProgram(const std::string& path);

/// A descriptor of the program that is running (proc_pid_exe(5)), good for executing it again.
Result<UniqueFd> OpenOwnProgram();

/// Another descriptor of the same open file, close-on-exec.
Result<UniqueFd> Duplicate(int fd);

/// A descriptor of a place, which keeps its number (inode) from being given to another file.
Result<UniqueFd> HoldPlace(const std::string& path);

/// A file in memory that holds `content` and can never be changed (memfd_create(2)).
Result<UniqueFd> MakeSealedFile(std::string_view content);
/// The content of such a file. Errors: it is none.
Result<std::string> ReadSealedFile(int fd);

/// Memory that a program executed later can map as well, by its descriptor.
struct SharedFile {
  UniqueFd fd;
  void* memory = nullptr;  ///< Zeroed; lives until the process ends.
};
Result<SharedFile> MakeSharedFile(std::size_t bytes);
Result<void*> MapSharedFile(int fd, std::size_t bytes);

/// Two ends of a pipe, both close-on-exec; reading never waits.
struct Pipe {
  UniqueFd out;
  UniqueFd in;
};
Result<Pipe> MakePipe();
/// All that can be read now, at most `limit` bytes.
std::string ReadAvailable(int fd, std::size_t limit);
/// Writes a short text; what does not fit at once is lost.
void WriteShort(int fd, std::string_view text);

/// The numbers of the namespaces that the caller is in: user, mnt, pid, ipc, uts, cgroup, net
/// (namespaces(7)).
using NamespaceNumbers = std::array<std::uint64_t, 7>;
Result<NamespaceNumbers> OwnNamespaces();

// These allocate nothing; 0 or more, or -errno.

/// Makes `to` another number of `fd`; it stays open across exec.
int CopyTo(int fd, int to);
/// execveat(2) with an empty path.
int ExecDescriptor(int program, char* const argv[], char* const envp[]);

/// What is mounted at a place.
struct PlaceFacts {
  std::uint64_t dev = 0;
  std::uint64_t ino = 0;
  bool mount_root = false;  ///< It is the root of a mount.
  bool read_only = false;   ///< That is, its mount.
  bool no_suid = false;
  bool no_dev = false;
};
int InspectPlace(int place, PlaceFacts& out);

}  // namespace ambit::os
