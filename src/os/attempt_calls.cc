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
  const UniqueFd fd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!fd.valid()) return -errno;
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(9);
  address.sin_addr.s_addr = htonl(0xc0000201);  // 192.0.2.1 of TEST-NET-1 (RFC 5737)
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
