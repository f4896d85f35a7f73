#include "os/channel.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

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
  const int n = ReceiveMessage(fd, &byte, 1);
  return n < 0 ? n : byte;
}

int SendMessage(int fd, const void* data, std::size_t size) {
  return ::send(fd, data, size, MSG_NOSIGNAL | MSG_DONTWAIT) < 0 ? -errno : 0;
}

int SendWholeMessage(int fd, const void* data, std::size_t size) {
  for (;;) {
    if (::send(fd, data, size, MSG_NOSIGNAL) >= 0) return 0;
    if (errno != EINTR) return -errno;
  }
}

void EndMessages(int fd) { ::shutdown(fd, SHUT_WR); }

int ReceiveMessage(int fd, void* out, std::size_t size) {
  const ssize_t n = ::recv(fd, out, size, 0);
  if (n < 0) return -errno;
  return n == 0 ? -EPIPE : static_cast<int>(n);
}

namespace {
/// A message of one byte with room for one descriptor beside it.
struct DescriptorMessage {
  DescriptorMessage() {
    header.msg_iov = &part;
    header.msg_iovlen = 1;
    header.msg_control = room;
    header.msg_controllen = sizeof room;
  }
  char byte = 0;
  iovec part{&byte, 1};
  alignas(cmsghdr) char room[CMSG_SPACE(sizeof(int))] = {};
  msghdr header{};
};
}  // namespace

int SendDescriptor(int fd, int passed) {
  DescriptorMessage message;
  cmsghdr* const rights = CMSG_FIRSTHDR(&message.header);
  rights->cmsg_level = SOL_SOCKET;
  rights->cmsg_type = SCM_RIGHTS;
  rights->cmsg_len = CMSG_LEN(sizeof passed);
  std::memcpy(CMSG_DATA(rights), &passed, sizeof passed);
  return ::sendmsg(fd, &message.header, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

int ReceiveDescriptor(int fd) {
  DescriptorMessage message;
  const ssize_t n = ::recvmsg(fd, &message.header, MSG_CMSG_CLOEXEC);
  if (n < 0) return -errno;
  const cmsghdr* const rights = CMSG_FIRSTHDR(&message.header);
  if (n == 0 || rights == nullptr || rights->cmsg_type != SCM_RIGHTS) return -EPIPE;
  int passed = -1;
  std::memcpy(&passed, CMSG_DATA(rights), sizeof passed);
  return passed;
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

void ReleaseStandardStreams() {
  ReleaseStdinStdout();
  ::dup2(0, 2);
}

}  // namespace ambit::os
