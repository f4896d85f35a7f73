#include "os/internet_calls.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <iterator>
#include <utility>

namespace ambit::os {
namespace {

constexpr std::uint8_t kMapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

/// Until a connection on the loopback has got through, on a machine with something else to do.
constexpr int kPatienceMs = 1;

bool IsReady(int socket) {
  pollfd one{socket, POLLOUT, 0};
  return ::poll(&one, 1, kPatienceMs) > 0;
}

/// Until a connection on the loopback that nobody can refuse is there.
constexpr int kOwnPatienceMs = 1000;

int Connect(int socket, const sockaddr* address, socklen_t size) {
  const int flags = ::fcntl(socket, F_GETFL);
  if (flags < 0) return -errno;
  // The flag belongs to the open file, so its owner has it too while his own call stands still.
  const bool waits = (flags & O_NONBLOCK) == 0;
  if (waits) ::fcntl(socket, F_SETFL, flags | O_NONBLOCK);
  int r = ::connect(socket, address, size) < 0 ? -errno : 0;
  if (waits && (r == -EINPROGRESS || r == -EALREADY) && IsReady(socket)) {
    r = ::connect(socket, address, size) < 0 ? -errno : 0;
  }
  if (waits) ::fcntl(socket, F_SETFL, flags);
  return r;
}

sockaddr_in LoopbackAt(std::uint16_t port) {
  sockaddr_in out{};
  out.sin_family = AF_INET;
  out.sin_port = htons(port);
  out.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return out;
}

/// The connection attempt is taken back.
void Dissolve(int socket) {
  sockaddr none{};
  none.sa_family = AF_UNSPEC;
  ::connect(socket, &none, sizeof none);
}

int ConnectAtOnce(int socket, std::uint16_t port) {
  int r = ConnectToOwnPort(socket, port);
  if (r != -EINPROGRESS) return r;
  pollfd one{socket, POLLOUT, 0};
  ::poll(&one, 1, kOwnPatienceMs);
  r = ConnectToOwnPort(socket, port);
  return r == -EISCONN ? 0 : r;  // it is there, and somebody was told before us
}

}  // namespace

bool InternetAddress::IsLoopback() const {
  const auto zeros = static_cast<std::size_t>(std::ranges::count(bytes, 0));
  const bool unspecified = zeros == bytes.size();
  if (size == 4) return bytes[0] == 127 || unspecified;
  return unspecified || (zeros == bytes.size() - 1 && bytes.back() == 1);
}

bool ReadInternetAddress(const CalledAddress& address, InternetAddress& out) {
  sa_family_t family = AF_UNSPEC;
  std::memcpy(&family, address.raw, sizeof family);
  out.bytes.fill(0);
  if (family == AF_INET && address.size >= sizeof(sockaddr_in)) {
    sockaddr_in four;
    std::memcpy(&four, address.raw, sizeof four);
    out.size = 4;
    std::memcpy(out.bytes.data(), &four.sin_addr, 4);
    out.port = ntohs(four.sin_port);
    return true;
  }
  // The kernel takes the form without a scope, too.
  if (family != AF_INET6 || address.size < offsetof(sockaddr_in6, sin6_scope_id)) return false;
  sockaddr_in6 six{};
  std::memcpy(&six, address.raw, std::min<std::size_t>(address.size, sizeof six));
  out.port = ntohs(six.sin6_port);
  const std::uint8_t* const bytes = six.sin6_addr.s6_addr;
  if (std::equal(std::begin(kMapped), std::end(kMapped), bytes)) {
    out.size = 4;
    std::copy_n(bytes + sizeof kMapped, 4, out.bytes.begin());
  } else {
    out.size = 16;
    std::copy_n(bytes, 16, out.bytes.begin());
  }
  return true;
}

bool IsUnconnectedStream(int socket) {
  tcp_info info{};
  socklen_t size = sizeof info;
  if (::getsockopt(socket, IPPROTO_TCP, TCP_INFO, &info, &size) < 0) return false;
  return info.tcpi_state == TCP_CLOSE;
}

int ConnectWithoutWaiting(int socket, const CalledAddress& address) {
  return Connect(socket, reinterpret_cast<const sockaddr*>(address.raw), address.size);
}

int ConnectToOwnPort(int socket, std::uint16_t port) {
  int family = 0;
  socklen_t length = sizeof family;
  if (::getsockopt(socket, SOL_SOCKET, SO_DOMAIN, &family, &length) < 0) return -errno;
  if (family == AF_INET) {
    const sockaddr_in four = LoopbackAt(port);
    return Connect(socket, reinterpret_cast<const sockaddr*>(&four), sizeof four);
  }
  // Refused for a socket that is bound, which then has no way here.
  const int no = 0;
  ::setsockopt(socket, IPPROTO_IPV6, IPV6_V6ONLY, &no, sizeof no);
  sockaddr_in6 six{};
  six.sin6_family = AF_INET6;
  six.sin6_port = htons(port);
  std::copy(std::begin(kMapped), std::end(kMapped), six.sin6_addr.s6_addr);
  six.sin6_addr.s6_addr[12] = 127;
  six.sin6_addr.s6_addr[15] = 1;
  return Connect(socket, reinterpret_cast<const sockaddr*>(&six), sizeof six);
}

int AcceptFrom(int listener, int port, UniqueFd& out) {
  constexpr int kMostStrangers = 64;
  for (int i = 0; i < kMostStrangers; ++i) {
    pollfd queue{listener, POLLIN, 0};
    if (::poll(&queue, 1, kOwnPatienceMs) <= 0) break;
    sockaddr_in peer{};
    socklen_t size = sizeof peer;
    UniqueFd one(::accept4(listener, reinterpret_cast<sockaddr*>(&peer), &size,
                           SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!one.valid()) return -errno;
    if (ntohs(peer.sin_port) != port || peer.sin_addr.s_addr != htonl(INADDR_LOOPBACK)) continue;
    out = std::move(one);
    return 0;
  }
  return -ECONNREFUSED;
}

int ConnectToOurselves(int socket, UniqueFd& other_end) {
  const UniqueFd listener(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!listener.valid()) return -errno;
  sockaddr_in here = LoopbackAt(0);
  if (::bind(listener.get(), reinterpret_cast<const sockaddr*>(&here), sizeof here) < 0 ||
      ::listen(listener.get(), 16) < 0) {
    return -errno;
  }
  const int own_port = LocalPort(listener.get());
  if (own_port < 0) return own_port;
  int r = ConnectAtOnce(socket, static_cast<std::uint16_t>(own_port));
  if (r == -EISCONN) return r;
  const int port = r < 0 ? r : LocalPort(socket);
  r = port < 0 ? port : AcceptFrom(listener.get(), port, other_end);
  if (r < 0) Dissolve(socket);
  return r;
}

bool WantsFastOpen(std::uint32_t flags) { return (flags & MSG_FASTOPEN) != 0; }

int LocalPort(int socket) {
  sockaddr_in6 room{};
  socklen_t size = sizeof room;
  if (::getsockname(socket, reinterpret_cast<sockaddr*>(&room), &size) < 0) return -errno;
  // Both families have it at the same place.
  static_assert(offsetof(sockaddr_in, sin_port) == offsetof(sockaddr_in6, sin6_port));
  return ntohs(room.sin6_port);
}

}  // namespace ambit::os
