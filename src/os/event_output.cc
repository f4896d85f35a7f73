#include "os/event_output.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/path_text.h"

namespace ambit::os {
namespace {

/// While it lives, writing to a pipe without a reader, or beyond the largest size that a file may
/// have, is an error instead of the end of the process.
class NoWriteSignals {
 public:
  NoWriteSignals() {
    ::sigemptyset(&ours_);
    ::sigaddset(&ours_, SIGPIPE);
    ::sigaddset(&ours_, SIGXFSZ);
    ::pthread_sigmask(SIG_BLOCK, &ours_, &before_);
  }
  NoWriteSignals(const NoWriteSignals&) = delete;
  NoWriteSignals& operator=(const NoWriteSignals&) = delete;
  ~NoWriteSignals() {
    // What was raised meanwhile must not come later.
    const timespec at_once{};
    while (::sigtimedwait(&ours_, nullptr, &at_once) > 0) {
    }
    ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }

 private:
  sigset_t ours_{};
  sigset_t before_{};
};

ssize_t WritePiece(int fd, std::string_view piece) {
  const ssize_t sent = ::send(fd, piece.data(), piece.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  if (sent >= 0 || errno != ENOTSOCK) return sent;
  return ::write(fd, piece.data(), piece.size());
}

/// 0 when `fd` takes something within the time.
int WaitWritable(int fd, int patience_ms) {
  pollfd polled{fd, POLLOUT, 0};
  const int n = ::poll(&polled, 1, patience_ms);
  if (n < 0) return -errno;
  return n == 0 ? -ETIMEDOUT : 0;
}

}  // namespace

Result<UniqueFd> OpenForEvents(const std::string& path) {
  const int flags = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
  UniqueFd file(::open(path.c_str(), flags, 0600));
  if (file.valid()) return file;
  const int error = errno;
  const std::string name = "'" + Printable(path) + "'";
  if (error == ENXIO) {
    return Fail(ErrorCode::kSystem,
                "cannot write events to " + name + ": nobody reads it; start its reader first");
  }
  return FailErrno(error, "cannot open " + name + " for events");
}

Result<UniqueFd> TakeForEvents(int fd) {
  const std::string name = "file descriptor " + std::to_string(fd);
  const int flags = ::fcntl(fd, F_GETFL);
  if (flags < 0) return FailErrno(errno, "cannot write events to " + name);
  if ((flags & O_ACCMODE) == O_RDONLY || (flags & O_PATH) != 0) {
    return Fail(ErrorCode::kSystem, "cannot write events to " + name +
                                        ": it is not open for writing; open it with 'N>' or 'N>>'");
  }
  if (::fcntl(fd, F_SETFD, FD_CLOEXEC) < 0) {
    return FailErrno(errno, "cannot keep " + name + " from the command");
  }
  UniqueFd inherited(fd);
  struct stat info {};
  if (::fstat(fd, &info) != 0 || !S_ISFIFO(info.st_mode)) return inherited;
  // Whether a write waits belongs to the open file, which others share: ours gets one of its own.
  const std::string path = "/proc/self/fd/" + std::to_string(fd);
  UniqueFd own(::open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NONBLOCK));
  return own.valid() ? std::move(own) : std::move(inherited);
}

int WriteWithin(int fd, std::string_view text, int patience_ms) {
  const NoWriteSignals quiet;
  // A pipe that can be written to takes this much without waiting. Source: pipe(7).
  const std::size_t most = IsRegularFile(fd) ? text.size() : PIPE_BUF;
  while (!text.empty()) {
    if (const int r = WaitWritable(fd, patience_ms); r < 0 && r != -EINTR) return r;
    const ssize_t written = WritePiece(fd, text.substr(0, most));
    if (written < 0 && errno != EINTR && errno != EAGAIN) return -errno;
    if (written > 0) text.remove_prefix(static_cast<std::size_t>(written));
  }
  return 0;
}

bool IsRegularFile(int fd) {
  struct stat info {};
  return ::fstat(fd, &info) == 0 && S_ISREG(info.st_mode);
}

}  // namespace ambit::os
