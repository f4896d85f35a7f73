#pragma once

#include <cstdint>
#include <span>

#include "base/result.h"
#include "os/unique_fd.h"

/// Waiting for many descriptors at once (epoll(7)).
namespace ambit::os {

/// What may be done with a descriptor now.
struct Readiness {
  void* tag = nullptr;  ///< As given to Watch.
  bool readable = false;
  bool writable = false;
  bool closing = false;  ///< The other end sends no more, or the connection is broken.
};

Result<UniqueFd> MakePoll();
/// Tells about each change of `fd` once (EPOLLET). 0 or -errno.
int WatchChanges(int poll, int fd, void* tag);
/// Tells, as long as it is so, that `fd` can be read. 0 or -errno.
int WatchReadable(int poll, int fd, void* tag);
int Unwatch(int poll, int fd);
/// As WatchChanges or WatchReadable, for descriptors of a library of its own. 0 or -errno.
int WatchLevel(int poll, int fd, void* tag, bool readable, bool writable, bool known);
/// Waits for at most `timeout_ms` (-1: for ever) and fills `out`. How many, or -errno.
int Poll(int poll, std::span<Readiness> out, int timeout_ms);

}  // namespace ambit::os
