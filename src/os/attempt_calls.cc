#include "os/attempt_calls.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "os/unique_fd.h"

namespace ambit::os {
namespace {

int Check(long result) { return result < 0 ? -errno : 0; }

int TryOpen(const char* path, int flags) {
  const int fd = ::open(path, flags | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0600);
  if (fd < 0) return -errno;
  ::close(fd);
  return 0;
}

/// Does not wait: a packet that is on its way has found one.
template <class Address>
int TryConnect(int type, const Address& address) {
  const auto* const any = reinterpret_cast<const sockaddr*>(&address);
  const UniqueFd fd(::socket(any->sa_family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd.valid()) return errno == EAFNOSUPPORT ? -ENETUNREACH : -errno;
  const int r = Check(::connect(fd.get(), any, sizeof address));
  return r == -EINPROGRESS ? 0 : r;
}

int Either(int before, int now) { return now >= 0 ? now : before; }

}  // namespace

int TryRead(const char* path) { return TryOpen(path, O_RDONLY); }

int TryWrite(const char* path) { return TryOpen(path, O_WRONLY); }

int TryMakeIn(const char* directory) { return TryOpen(directory, O_TMPFILE | O_WRONLY); }

int TryMake(const char* path) {
  if (::mkdir(path, 0700) < 0) return -errno;
  ::rmdir(path);
  return 0;
}

int TrySocket() {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return -errno;
  ::close(fd);
  return 0;
}

int TryRoute() {
  sockaddr_in four{};
  four.sin_family = AF_INET;
  four.sin_port = htons(9);
  four.sin_addr.s_addr = htonl(0xc0000201);  // 192.0.2.1
  sockaddr_in6 six{};
  six.sin6_family = AF_INET6;
  six.sin6_port = htons(9);
  six.sin6_addr.s6_addr[0] = 0x20;  // 2001:db8::1
  six.sin6_addr.s6_addr[1] = 0x01;
  six.sin6_addr.s6_addr[2] = 0x0d;
  six.sin6_addr.s6_addr[3] = 0xb8;
  six.sin6_addr.s6_addr[15] = 1;
  int result = TryConnect(SOCK_DGRAM, four);
  for (const int type : {SOCK_STREAM, SOCK_DGRAM}) {
    if (result < 0 && type == SOCK_STREAM) result = Either(result, TryConnect(type, four));
    if (result < 0) result = Either(result, TryConnect(type, six));
  }
  return result;
}

int TryOtherSocket() {
  constexpr int kMptcp = 262;
  constexpr int kOther[][3] = {
      {AF_NETLINK, SOCK_RAW, 0},           {AF_VSOCK, SOCK_STREAM, 0},
      {AF_PACKET, SOCK_DGRAM, 0},          {AF_INET, SOCK_RAW, IPPROTO_ICMP},
      {AF_INET, SOCK_DGRAM, IPPROTO_ICMP}, {AF_INET6, SOCK_RAW, IPPROTO_ICMPV6},
      {AF_INET, SOCK_STREAM, kMptcp},
  };
  int result = -EPERM;
  for (const auto& [family, type, protocol] : kOther) {
    const UniqueFd fd(::socket(family, type | SOCK_CLOEXEC, protocol));
    if (fd.valid()) return 0;
    // What this kernel does not have is not refused, and not there either.
    if (errno != EAFNOSUPPORT && errno != EPROTONOSUPPORT && errno != EPERM) result = -errno;
  }
  return result;
}

int TryTcp() {
  sockaddr_in here{};
  here.sin_family = AF_INET;
  here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const UniqueFd bound(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!bound.valid()) return -errno;
  int r = Check(::bind(bound.get(), reinterpret_cast<const sockaddr*>(&here), sizeof here));
  if (r >= 0) return r;
  here.sin_port = htons(9);
  const UniqueFd connected(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!connected.valid()) return -errno;
  const int c =
      Check(::connect(connected.get(), reinterpret_cast<const sockaddr*>(&here), sizeof here));
  // The other end was asked.
  if (c == -ECONNREFUSED || c == -EINPROGRESS) return 0;
  return Either(r, c);
}

int TryPastConnect() {
  constexpr int kFastopenConnect = 30;  // TCP_FASTOPEN_CONNECT of tcp(7)
  const UniqueFd datagrams(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (datagrams.valid()) return 0;
  int result = -errno;
  if (result != -EPERM) return result;
  const UniqueFd stream(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!stream.valid()) return -errno;
  result = Either(result, Check(::listen(stream.get(), 1)));
  if (result >= 0) return result;
  const int on = 1;
  result = Either(result,
                  Check(::setsockopt(stream.get(), IPPROTO_TCP, kFastopenConnect, &on, sizeof on)));
  if (result >= 0) return result;
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(9);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  iovec part{&to, 1};
  msghdr message{};
  message.msg_name = &to;
  message.msg_namelen = sizeof to;
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  // An answer of the other end means that it was asked.
  const auto reached = [](int r) { return r >= 0 || r == -ECONNREFUSED || r == -EINPROGRESS; };
  constexpr int kFlags = MSG_FASTOPEN | MSG_NOSIGNAL;
  const auto* const address = reinterpret_cast<const sockaddr*>(&to);
  int sent = Check(::sendto(stream.get(), &to, 1, kFlags, address, sizeof to));
  if (reached(sent)) return 0;
  sent = Check(::sendmsg(stream.get(), &message, kFlags));
  return reached(sent) ? 0 : result;
}

int TryLoopback(unsigned short port) {
  const UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd.valid()) return -errno;
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return Check(::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address));
}

int TryNamespace() { return Check(::unshare(CLONE_NEWUSER)); }

int TryCapability() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[2] = {};
  if (::syscall(SYS_capget, &header, data) < 0) return -errno;
  for (const auto& half : data) {
    if ((half.effective | half.permitted | half.inheritable) != 0) return 0;
  }
  return -EPERM;
}

int TryReadOnlyMount(const char* path) {
  struct statvfs facts {};
  if (::statvfs(path, &facts) < 0) return -errno;
  return (facts.f_flag & ST_RDONLY) != 0 ? -EROFS : 0;
}

int TrySignal(int pidfd) { return Check(::syscall(SYS_pidfd_send_signal, pidfd, 0, nullptr, 0)); }

int TryPrivilege() { return ::prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 ? -EPERM : 0; }

}  // namespace ambit::os
