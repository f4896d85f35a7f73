#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "os/unique_fd.h"

/// Where lines about a run go while it goes on. Whoever reads them must not be able to hold the run
/// up, so nothing here waits for long, and nothing raises a signal.
namespace ambit::os {

/// Opens `path` for adding to its end; a new file has mode 0600. The descriptor is close-on-exec.
/// Never waits: a pipe that nobody reads is refused, like what the caller may not write.
Result<UniqueFd> OpenForEvents(const std::string& path);

/// Takes over the inherited descriptor `fd`, which no command gets to see from now on. Refuses one
/// that is not open for writing.
Result<UniqueFd> TakeForEvents(int fd);

/// Writes all of `text`: to a regular file in one call, elsewhere in pieces that a pipe takes
/// whole. Gives up when the other end takes nothing for `patience_ms`. 0 or -errno (-ETIMEDOUT);
/// part of the text may have been written then.
int WriteWithin(int fd, std::string_view text, int patience_ms);

/// Whether `fd` is a file that has a name of its own to be protected by.
bool IsRegularFile(int fd);

}  // namespace ambit::os
