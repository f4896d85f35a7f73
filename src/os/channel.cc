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
/// A message with room for one descriptor beside it.
struct DescriptorMessage {
  DescriptorMessage() : DescriptorMessage(&byte, 1) {}
  DescriptorMessage(void* data, std::size_t size) : part{data, size} {
    header.msg_iov = &part;
    header.msg_iovlen = 1;
    header.msg_control = room;
    header.msg_controllen = sizeof room;
  }
  void Add(int passed) {
    cmsghdr* const rights = CMSG_FIRSTHDR(&header);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(sizeof passed);
    std::memcpy(CMSG_DATA(rights), &passed, sizeof passed);
  }
  [[nodiscard]] int Passed() const {
    const cmsghdr* const rights = CMSG_FIRSTHDR(&header);
    int passed = -1;
    if (rights == nullptr || rights->cmsg_type != SCM_RIGHTS) return -1;
    std::memcpy(&passed, CMSG_DATA(rights), sizeof passed);
    return passed;
  }

  char byte = 0;
  iovec part;
  alignas(cmsghdr) char room[CMSG_SPACE(sizeof(int))] = {};
  msghdr header{};
};
}  // namespace

int SendDescriptor(int fd, int passed) {
  DescriptorMessage message;
  message.Add(passed);
  return ::sendmsg(fd, &message.header, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

int SendMessageWith(int fd, const void* data, std::size_t size, int passed) {
  DescriptorMessage message(const_cast<void*>(data), size);  // sendmsg(2) does not write to it
  message.Add(passed);
  return ::sendmsg(fd, &message.header, MSG_NOSIGNAL | MSG_DONTWAIT) < 0 ? -errno : 0;
}

int ReceiveMessageWith(int fd, void* out, std::size_t size, int& passed) {
  DescriptorMessage message(out, size);
  const ssize_t n = ::recvmsg(fd, &message.header, MSG_CMSG_CLOEXEC);
  passed = n < 0 ? -1 : message.Passed();
  if (n < 0) return -errno;
  return n == 0 ? -EPIPE : static_cast<int>(n);
}

int ReceiveDescriptor(int fd) {
  DescriptorMessage message;
  const ssize_t n = ::recvmsg(fd, &message.header, MSG_CMSG_CLOEXEC);
  if (n < 0) return -errno;
  const int passed = message.Passed();
  return n == 0 || passed < 0 ? -EPIPE : passed;
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
