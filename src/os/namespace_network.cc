#include "os/namespace_network.h"

#include <net/if.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "os/unique_fd.h"

namespace ambit::os {
namespace {

int Check(long result) { return result < 0 ? -errno : static_cast<int>(result); }

constexpr int kLongestQueue = 4096;  // the default of net.core.somaxconn

int BindLoopback(int type, std::uint16_t port, UniqueFd& out) {
  out.Reset(::socket(AF_INET, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!out.valid()) return -errno;
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return Check(::bind(out.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address));
}

}  // namespace

int RaiseLoopback() {
  const UniqueFd any(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!any.valid()) return -errno;
  ifreq request{};
  std::memcpy(request.ifr_name, "lo", sizeof "lo");
  // Whoever made the namespace may have done it, and kept the right to.
  if (::ioctl(any.get(), SIOCGIFFLAGS, &request) == 0 && (request.ifr_flags & IFF_UP) != 0)
    return 0;
  request.ifr_flags = IFF_UP;
  return Check(::ioctl(any.get(), SIOCSIFFLAGS, &request));  // netdevice(7)
}

int ListenOnLoopback(std::uint16_t port) {
  UniqueFd out;
  if (const int r = BindLoopback(SOCK_STREAM, port, out); r < 0) return r;
  if (::listen(out.get(), kLongestQueue) < 0) return -errno;
  return out.Release();
}

int MakeStream() { return Check(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)); }

int BindLoopbackDatagrams(std::uint16_t port) {
  UniqueFd out;
  if (const int r = BindLoopback(SOCK_DGRAM, port, out); r < 0) return r;
  return out.Release();
}

}  // namespace ambit::os
