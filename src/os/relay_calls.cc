#include "os/relay_calls.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>

namespace ambit::os {
namespace {

constexpr std::size_t kChunk = 65536;

Result<> WriteAll(int fd, std::string_view data) {
  while (!data.empty()) {
    const ssize_t n = ::write(fd, data.data(), data.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EAGAIN) {
      pollfd one{fd, POLLOUT, 0};
      ::poll(&one, 1, -1);
      continue;
    }
    if (n < 0) return FailErrno(errno, "cannot pass data on");
    data.remove_prefix(static_cast<std::size_t>(n));
  }
  return {};
}

/// Moves what there is. False at the end of `from`.
Result<bool> Move(int from, int to) {
  std::array<char, kChunk> data;
  const ssize_t n = ::read(from, data.data(), data.size());
  if (n < 0) {
    if (errno == EINTR || errno == EAGAIN) return true;
    return FailErrno(errno, "cannot read on");
  }
  if (n == 0) return false;
  AMBIT_CHECK(WriteAll(to, {data.data(), static_cast<std::size_t>(n)}));
  return true;
}

}  // namespace

Result<UniqueFd> Dial(const SocketAddress& address) {
  sockaddr_in6 room{};
  socklen_t size = sizeof(sockaddr_in6);
  if (address.size == 4) {
    auto& four = reinterpret_cast<sockaddr_in&>(room);
    four.sin_family = AF_INET;
    four.sin_port = htons(address.port);
    std::copy_n(address.bytes.begin(), 4, reinterpret_cast<std::uint8_t*>(&four.sin_addr));
    size = sizeof(sockaddr_in);
  } else {
    room.sin6_family = AF_INET6;
    room.sin6_port = htons(address.port);
    std::copy_n(address.bytes.begin(), 16, room.sin6_addr.s6_addr);
  }
  UniqueFd out(::socket(room.sin6_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!out.valid()) return FailErrno(errno, "cannot make a socket");
  if (::connect(out.get(), reinterpret_cast<const sockaddr*>(&room), size) < 0) {
    return FailErrno(errno, "cannot connect");
  }
  return out;
}

Result<> SendAll(int socket, std::string_view data) {
  std::signal(SIGPIPE, SIG_IGN);
  return WriteAll(socket, data);
}

Result<std::size_t> ReceiveSome(int socket, char* out, std::size_t size) {
  for (;;) {
    const ssize_t n = ::recv(socket, out, size, 0);
    if (n >= 0) return static_cast<std::size_t>(n);
    if (errno != EINTR) return FailErrno(errno, "cannot receive");
  }
}

Result<> RelayStandardStreams(int socket, std::string_view first) {
  std::signal(SIGPIPE, SIG_IGN);
  AMBIT_CHECK(WriteAll(1, first));
  pollfd watched[] = {{0, POLLIN, 0}, {socket, POLLIN, 0}};
  while (watched[1].fd >= 0) {
    if (::poll(watched, 2, -1) < 0 && errno != EINTR) return FailErrno(errno, "cannot wait");
    if (watched[0].fd >= 0 && watched[0].revents != 0) {
      const Result<bool> more = Move(0, socket);
      if (!more || !*more) {
        ::shutdown(socket, SHUT_WR);
        watched[0].fd = -1;
      }
    }
    if (watched[1].revents != 0) {
      AMBIT_TRY(const bool more, Move(socket, 1));
      if (!more) watched[1].fd = -1;
    }
  }
  return {};
}

}  // namespace ambit::os
