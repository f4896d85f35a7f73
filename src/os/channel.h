#pragma once

#include <cstddef>

#include "base/result.h"
#include "os/unique_fd.h"

namespace ambit::os {

/// Two connected ends that carry whole messages; both close-on-exec. Either end sees the death of
/// the other as end of file.
struct ChannelPair {
  UniqueFd ours;
  UniqueFd theirs;
};
Result<ChannelPair> MakeChannel();

/// The calls below allocate nothing and may be used between fork and exec; -errno on failure.

/// One byte as one message. Never raises SIGPIPE.
int SendByte(int fd, unsigned char byte);
/// The next message's byte; -EPIPE at end of file; -EAGAIN never (it waits).
int ReceiveByte(int fd);
/// A longer message; -EAGAIN instead of waiting when the other end does not read.
int SendMessage(int fd, const void* data, std::size_t size);
/// The same, but waits until the other end reads.
int SendWholeMessage(int fd, const void* data, std::size_t size);
/// No more messages from us; the other end sees the end of file and may still send.
void EndMessages(int fd);
/// The next message, cut to `size` bytes; its length, otherwise as ReceiveByte.
int ReceiveMessage(int fd, void* out, std::size_t size);

/// Passes the descriptor `passed` on (unix(7), SCM_RIGHTS).
int SendDescriptor(int fd, int passed);
/// A message together with a descriptor; -EAGAIN instead of waiting.
int SendMessageWith(int fd, const void* data, std::size_t size, int passed);
/// Such a message: its length, and the descriptor (close-on-exec) or -1 in `passed`.
int ReceiveMessageWith(int fd, void* out, std::size_t size, int& passed);

/// The next passed descriptor, close-on-exec; -EPIPE at end of file.
int ReceiveDescriptor(int fd);

/// Which of `fds` (-1: skip) can be read or has been hung up; waits at most `timeout_ms` (-1: as
/// long as it takes). The bits of the answer are the indices; 0 after the time is over.
int WaitReadable(const int* fds, std::size_t count, int timeout_ms);

/// Anonymous zeroed memory that a later fork shares with its parent; lives until the process ends.
Result<void*> MapShared(std::size_t bytes);

/// Puts /dev/null in place of descriptors 0 and 1, so that this process keeps no pipe of the
/// caller's open.
void ReleaseStdinStdout();
/// The same for descriptor 2 as well.
void ReleaseStandardStreams();

}  // namespace ambit::os
