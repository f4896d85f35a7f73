#include "os/tcp_calls.h"

#include <fcntl.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace ambit::os {
namespace {

constexpr int kBacklog = 1024;

struct Raw {
  sockaddr_storage storage{};
  socklen_t size = sizeof(sockaddr_storage);
  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
};

Raw ToRaw(const SocketAddress& address) {
  Raw raw;
  if (address.size == 4) {
    sockaddr_in in{};
    in.sin_family = AF_INET;
    in.sin_port = htons(address.port);
    std::memcpy(&in.sin_addr, address.bytes.data(), 4);
    std::memcpy(&raw.storage, &in, sizeof in);
    raw.size = sizeof in;
  } else {
    sockaddr_in6 in{};
    in.sin6_family = AF_INET6;
    in.sin6_port = htons(address.port);
    std::memcpy(&in.sin6_addr, address.bytes.data(), 16);
    std::memcpy(&raw.storage, &in, sizeof in);
    raw.size = sizeof in;
  }
  return raw;
}

SocketAddress FromRaw(const sockaddr* raw) {
  SocketAddress address;
  if (raw->sa_family == AF_INET) {
    sockaddr_in in{};
    std::memcpy(&in, raw, sizeof in);
    address.size = 4;
    address.port = ntohs(in.sin_port);
    std::memcpy(address.bytes.data(), &in.sin_addr, 4);
  } else if (raw->sa_family == AF_INET6) {
    sockaddr_in6 in{};
    std::memcpy(&in, raw, sizeof in);
    address.size = 16;
    address.port = ntohs(in.sin6_port);
    std::memcpy(address.bytes.data(), &in.sin6_addr, 16);
  }
  return address;
}

int FamilyOf(const SocketAddress& address) { return address.size == 4 ? AF_INET : AF_INET6; }

void SetOption(int fd, int level, int name, int value) {
  ::setsockopt(fd, level, name, &value, sizeof value);
}

/// Again after a signal. A template: the calls differ in their types.
template <class Call>
std::ptrdiff_t Repeat(Call call) {
  for (;;) {
    const std::ptrdiff_t got = call();
    if (got >= 0) return got;
    if (errno != EINTR) return -errno;
  }
}

}  // namespace

Result<UniqueFd> ListenAt(const SocketAddress& address, bool datagrams) {
  const int type = (datagrams ? SOCK_DGRAM : SOCK_STREAM) | SOCK_CLOEXEC | SOCK_NONBLOCK;
  UniqueFd fd(::socket(FamilyOf(address), type, 0));
  if (!fd.valid()) return FailErrno(errno, "cannot make a socket");
  // socket(7): another listener still does.
  if (!datagrams && address.port != 0) SetOption(fd.get(), SOL_SOCKET, SO_REUSEADDR, 1);
  Raw raw = ToRaw(address);
  if (::bind(fd.get(), raw.get(), raw.size) != 0) {
    return FailErrno(errno, "cannot take port " + std::to_string(address.port));
  }
  if (!datagrams && ::listen(fd.get(), kBacklog) != 0) {
    return FailErrno(errno, "cannot wait for connections");
  }
  return fd;
}

int PrepareListener(int fd) {
  const int flags = ::fcntl(fd, F_GETFL);
  if (flags < 0 || ::fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0) return -errno;
  return ::fcntl(fd, F_SETFD, FD_CLOEXEC) == 0 ? 0 : -errno;
}

Accepted Accept(int listener) {
  Raw raw;
  const auto fd = Repeat([&] {
    raw.size = sizeof raw.storage;
    return static_cast<std::ptrdiff_t>(
        ::accept4(listener, raw.get(), &raw.size, SOCK_CLOEXEC | SOCK_NONBLOCK));
  });
  Accepted accepted;
  accepted.fd = static_cast<int>(fd);
  if (fd >= 0) accepted.peer = FromRaw(raw.get());
  return accepted;
}

int StartConnect(const SocketAddress& address) {
  UniqueFd fd(::socket(FamilyOf(address), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd.valid()) return -errno;
  if (const int r = StartConnect(fd.get(), address); r < 0) return r;
  return fd.Release();
}

int StartConnect(int fd, const SocketAddress& address) {
  Raw raw = ToRaw(address);
  return ::connect(fd, raw.get(), raw.size) == 0 || errno == EINPROGRESS ? 0 : -errno;
}

bool IsStillSending(int fd) {
  tcp_info info{};
  socklen_t size = sizeof info;
  if (::getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return false;
  const int state = info.tcpi_state;
  return state == TCP_FIN_WAIT1 || state == TCP_CLOSING || state == TCP_LAST_ACK;
}

int Disconnect(int fd) {
  const sockaddr nowhere{.sa_family = AF_UNSPEC, .sa_data = {}};
  if (::connect(fd, &nowhere, sizeof nowhere) != 0) return -errno;
  static_cast<void>(ConnectError(fd));  // that it was cut off would be told to the next
  return 0;
}

int ConnectError(int fd) {
  int error = 0;
  socklen_t size = sizeof error;
  if (::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0) return -errno;
  return -error;
}

SocketAddress LocalAddress(int fd) {
  Raw raw;
  return ::getsockname(fd, raw.get(), &raw.size) == 0 ? FromRaw(raw.get()) : SocketAddress{};
}

SocketAddress PeerAddress(int fd) {
  Raw raw;
  return ::getpeername(fd, raw.get(), &raw.size) == 0 ? FromRaw(raw.get()) : SocketAddress{};
}

std::ptrdiff_t Receive(int fd, void* out, std::size_t size) {
  return Repeat([&] { return ::recv(fd, out, size, 0); });
}

std::ptrdiff_t Send(int fd, const void* data, std::size_t size, bool more) {
  return Repeat([&] { return ::send(fd, data, size, MSG_NOSIGNAL | (more ? MSG_MORE : 0)); });
}

bool IsIdle(int fd) {
  char byte = 0;
  return Repeat([&] { return ::recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT); }) == -EAGAIN;
}

int ShutdownWriting(int fd) { return ::shutdown(fd, SHUT_WR) == 0 ? 0 : -errno; }

int ResetOnClose(int fd) {
  const linger now{1, 0};
  return ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now) == 0 ? 0 : -errno;
}

void SendAtOnce(int fd) { SetOption(fd, IPPROTO_TCP, TCP_NODELAY, 1); }

void StayInCache(int fd) {
  constexpr int kBytes = 256 << 10;
  SetOption(fd, SOL_SOCKET, SO_RCVBUF, kBytes);
  SetOption(fd, SOL_SOCKET, SO_SNDBUF, kBytes);
}

void KeepAlive(int fd) {
  SetOption(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
  SetOption(fd, IPPROTO_TCP, TCP_KEEPIDLE, 60);
  SetOption(fd, IPPROTO_TCP, TCP_KEEPINTVL, 15);
  SetOption(fd, IPPROTO_TCP, TCP_KEEPCNT, 4);
}

Result<SocketPair> MakeSocketPair() {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) < 0) {
    return FailErrno(errno, "cannot make a pair of sockets");
  }
  return SocketPair{UniqueFd(ends[0]), UniqueFd(ends[1])};
}

std::ptrdiff_t ReceiveFrom(int fd, void* out, std::size_t size, SocketAddress& from) {
  Raw raw;
  const auto got = Repeat([&] {
    raw.size = sizeof raw.storage;
    return ::recvfrom(fd, out, size, 0, raw.get(), &raw.size);
  });
  if (got >= 0) from = FromRaw(raw.get());
  return got;
}

std::ptrdiff_t SendTo(int fd, const void* data, std::size_t size, const SocketAddress& to) {
  Raw raw = ToRaw(to);
  return Repeat([&] { return ::sendto(fd, data, size, MSG_NOSIGNAL, raw.get(), raw.size); });
}

Result<Pipe> MakePipe(std::size_t bytes) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) return FailErrno(errno, "cannot make a pipe");
  // Refused to a user with many pipes (pipe(7), pipe-user-pages-soft); the usual size does too.
  static_cast<void>(::fcntl(ends[1], F_SETPIPE_SZ, static_cast<int>(bytes)));
  return Pipe{UniqueFd(ends[0]), UniqueFd(ends[1])};
}

std::ptrdiff_t Splice(int from, int to, std::size_t size, bool more) {
  const unsigned flags = SPLICE_F_NONBLOCK | SPLICE_F_MOVE | (more ? SPLICE_F_MORE : 0);
  return Repeat([&] { return ::splice(from, nullptr, to, nullptr, size, flags); });
}

std::vector<SocketAddress> InterfaceAddresses() {
  std::vector<SocketAddress> addresses;
  ifaddrs* list = nullptr;
  if (::getifaddrs(&list) != 0) return addresses;
  for (const ifaddrs* entry = list; entry != nullptr; entry = entry->ifa_next) {
    if (entry->ifa_addr == nullptr) continue;
    SocketAddress address = FromRaw(entry->ifa_addr);
    address.port = 0;
    if (address.size != 0) addresses.push_back(address);
  }
  ::freeifaddrs(list);
  return addresses;
}

}  // namespace ambit::os
