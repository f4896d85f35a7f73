#include "os/unix_calls.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string_view>

#include "os/file_calls.h"
#include "os/mount_calls.h"
#include "os/proc_path.h"
#include "os/unique_fd.h"

namespace ambit::os {
namespace {

static_assert(CalledAddress::kMostPath == sizeof(sockaddr_un::sun_path));
static_assert(sizeof CalledAddress{}.raw == sizeof(sockaddr_storage));

int Check(long result) { return result < 0 ? -errno : static_cast<int>(result); }

/// A descriptor of the thread itself where the kernel can (Linux 6.9), else of its process.
int OpenThread(int thread) {
  constexpr unsigned kPidfdThread = O_EXCL;
  const int fd = Check(::syscall(SYS_pidfd_open, thread, kPidfdThread));
  if (fd >= 0) return fd;
  ProcessFacts facts;
  if (const int r = ReadProcessFacts(thread, facts); r < 0) return r;
  return Check(::syscall(SYS_pidfd_open, facts.group, 0));
}

int Option(int fd, int name) {
  int value = 0;
  socklen_t size = sizeof value;
  return ::getsockopt(fd, SOL_SOCKET, name, &value, &size) < 0 ? -errno : value;
}

const sockaddr* Raw(const CalledAddress& address) {
  return reinterpret_cast<const sockaddr*>(address.raw);
}

/// The address of a unix socket's file; false when the text does not fit.
bool Fill(sockaddr_un& out, const char* text) {
  const std::size_t length = std::strlen(text);
  if (length >= sizeof out.sun_path) return false;
  out.sun_family = AF_UNIX;
  std::memcpy(out.sun_path, text, length + 1);
  return true;
}

/// While this lives, calls on the socket do not wait. The flag belongs to the open file, so its
/// owner has it too, for as long as his own call stands still.
class WithoutWaiting {
 public:
  explicit WithoutWaiting(int fd) : fd_(fd), flags_(::fcntl(fd, F_GETFL)) {
    if (IsChanged()) ::fcntl(fd_, F_SETFL, flags_ | O_NONBLOCK);
  }
  ~WithoutWaiting() {
    if (IsChanged()) ::fcntl(fd_, F_SETFL, flags_);
  }
  WithoutWaiting(const WithoutWaiting&) = delete;
  WithoutWaiting& operator=(const WithoutWaiting&) = delete;

 private:
  [[nodiscard]] bool IsChanged() const { return flags_ >= 0 && (flags_ & O_NONBLOCK) == 0; }
  int fd_;
  int flags_;
};

}  // namespace

int ReadTargetSocketAddress(int thread, TargetAddress address, std::uint32_t size,
                            CalledAddress& out) {
  sa_family_t family = AF_UNSPEC;
  if (size < sizeof family || size > sizeof out.raw) return -EINVAL;
  const int n = ReadTarget(thread, address, out.raw, size);
  if (n < 0) return n;
  if (static_cast<std::uint32_t>(n) != size) return -EFAULT;
  out.size = size;
  std::memcpy(&family, out.raw, sizeof family);
  if (family != AF_UNIX) {
    out.kind = family == AF_UNSPEC ? CalledAddress::Kind::kNone : CalledAddress::Kind::kOther;
    return 0;
  }
  if (size > sizeof(sockaddr_un)) return -EINVAL;
  const std::size_t start = offsetof(sockaddr_un, sun_path);
  const std::string_view name(reinterpret_cast<const char*>(out.raw) + start, size - start);
  if (name.empty()) {
    out.kind = CalledAddress::Kind::kUnnamed;
  } else if (name.front() == '\0') {
    out.kind = CalledAddress::Kind::kAbstract;
  } else {
    out.kind = CalledAddress::Kind::kPath;
    // A path may end where the address does, without a null byte.
    *std::ranges::copy(name.substr(0, name.find('\0')), out.path).out = '\0';
  }
  return 0;
}

int CopyDescriptor(int thread, int fd) {
  const UniqueFd process(OpenThread(thread));
  if (!process.valid()) return process.get();
  return Check(::syscall(SYS_pidfd_getfd, process.get(), fd, 0));
}

int InspectSocket(int fd, SocketFacts& out) {
  const int domain = Option(fd, SO_DOMAIN);
  if (domain < 0) return domain;
  const int type = Option(fd, SO_TYPE);
  if (type < 0) return type;
  const int flags = ::fcntl(fd, F_GETFL);
  if (flags < 0) return -errno;
  out.is_unix = domain == AF_UNIX;
  out.is_datagram = type == SOCK_DGRAM || type == SOCK_RAW;
  out.waits = (flags & O_NONBLOCK) == 0;
  return 0;
}

int ConnectToPlace(int socket, int place) {
  sockaddr_un to{};
  if (!Fill(to, ProcPath::OwnDescriptor(place).text())) return -ENAMETOOLONG;
  const WithoutWaiting now(socket);
  return Check(::connect(socket, reinterpret_cast<const sockaddr*>(&to), sizeof to));
}

int ConnectToAddress(int socket, const CalledAddress& address) {
  if (address.kind == CalledAddress::Kind::kPath) return -EINVAL;
  const WithoutWaiting now(socket);
  return Check(::connect(socket, Raw(address), address.size));
}

int TakesDatagrams(int place) {
  const UniqueFd socket(Check(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)));
  if (!socket.valid()) return 0;
  const int r = ConnectToPlace(socket.get(), place);
  // EPERM: it is connected itself, and takes datagrams of its other end only.
  return r >= 0 || r == -EPERM ? 1 : 0;
}

int BindToPath(int socket, int dir, const char* text) {
  sockaddr_un to{};
  if (!Fill(to, text)) return -ENAMETOOLONG;
  if (*text != '/' && dir != kCwd && ::fchdir(dir) < 0) return -errno;
  return Check(::bind(socket, reinterpret_cast<const sockaddr*>(&to), sizeof to));
}

int BindToAddress(int socket, const CalledAddress& address) {
  if (address.kind == CalledAddress::Kind::kPath) return -EINVAL;
  return Check(::bind(socket, Raw(address), address.size));
}

int Listen(int socket, int backlog) { return Check(::listen(socket, backlog)); }

}  // namespace ambit::os
