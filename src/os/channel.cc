#include "os/channel.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

namespace ambit::os {

Result<ChannelPair> MakeChannel() {
  int fds[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0) {
    return FailErrno(errno, "cannot make a socket pair");
  }
  return ChannelPair{UniqueFd(fds[0]), UniqueFd(fds[1])};
}

int SendByte(int fd, unsigned char byte) {
  return ::send(fd, &byte, 1, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

int ReceiveByte(int fd) {
  unsigned char byte = 0;
  const ssize_t n = ::recv(fd, &byte, 1, 0);
  if (n < 0) return -errno;
  return n == 0 ? -EPIPE : byte;
}

int WaitReadable(const int* fds, std::size_t count, int timeout_ms) {
  constexpr std::size_t kMost = 8;
  pollfd polled[kMost];
  if (count > kMost) return -EINVAL;
  for (std::size_t i = 0; i < count; ++i) polled[i] = {fds[i], POLLIN, 0};
  const int n = ::poll(polled, static_cast<nfds_t>(count), timeout_ms);
  if (n < 0) return errno == EINTR ? 0 : -errno;
  int ready = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (polled[i].revents != 0) ready |= 1 << i;
  }
  return ready;
}

Result<void*> MapShared(std::size_t bytes) {
  void* const memory =
      ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return FailErrno(errno, "cannot map shared memory");
  return memory;
}

void ReleaseStdinStdout() {
  const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  if (null < 0) return;
  ::dup2(null, 0);
  ::dup2(null, 1);
  if (null > 1) ::close(null);
}

}  // namespace ambit::os
