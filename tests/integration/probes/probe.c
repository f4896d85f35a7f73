// Tries one thing and says how it went: `NAME ok` and status 0 when the attempt worked, `NAME
// ERRNO` and status 1 when the kernel refused it, status 2 for a mistake in the arguments. The
// tests run every attempt twice, without the sandbox and inside it. Nothing here is needed to
// succeed: an attempt that works is undone or harmless.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/un.h>
#include <unistd.h>

// Newer than Debian 12's headers, or missing from libc.
enum { kVsock = 40, kAlg = 38, kSessionKeyring = -3, kGetKeyringId = 0 };

static int OpenAndClose(const char* path, int flags) {
  const int fd = open(path, flags | O_CLOEXEC, 0644);
  return fd < 0 ? -1 : close(fd);
}

static int Read(char** a) {
  char text[256];
  const int fd = open(a[0], O_RDONLY | O_CLOEXEC);
  if (fd < 0) return -1;
  const ssize_t n = read(fd, text, sizeof text);
  if (n < 0) return -1;
  close(fd);
  printf("content %.*s\n", (int)n, text);
  return 0;
}
static int Append(char** a) { return OpenAndClose(a[0], O_WRONLY | O_APPEND); }
static int Truncate(char** a) { return truncate(a[0], 1); }
static int Create(char** a) { return OpenAndClose(a[0], O_WRONLY | O_CREAT | O_EXCL); }
static int Mkdir(char** a) { return mkdir(a[0], 0755); }
static int Unlink(char** a) { return unlink(a[0]); }
static int Rename(char** a) { return rename(a[0], a[1]); }
static int Exchange(char** a) { return renameat2(AT_FDCWD, a[0], AT_FDCWD, a[1], RENAME_EXCHANGE); }
static int Link(char** a) { return link(a[0], a[1]); }
static int Symlink(char** a) { return symlink(a[0], a[1]); }
static int Chmod(char** a) { return chmod(a[1], (mode_t)strtoul(a[0], NULL, 8)); }
static int Touch(char** a) { return utimensat(AT_FDCWD, a[0], NULL, 0); }
static int Stat(char** a) {
  struct stat st;
  if (stat(a[0], &st) != 0) return -1;
  printf("size %lld inode %llu\n", (long long)st.st_size, (unsigned long long)st.st_ino);
  return 0;
}
/// A descriptor that only names the file, opened again for reading.
static int Reopen(char** a) {
  char path[64];
  char* again[] = {path};
  const int fd = open(a[0], O_PATH | O_CLOEXEC);
  if (fd < 0) return -1;
  snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
  return Read(again);
}

static int Unshare(char** a) {
  int flag = 0;
  if (strcmp(a[0], "user") == 0) flag = CLONE_NEWUSER;
  if (strcmp(a[0], "mount") == 0) flag = CLONE_NEWNS;
  if (strcmp(a[0], "net") == 0) flag = CLONE_NEWNET;
  if (strcmp(a[0], "pid") == 0) flag = CLONE_NEWPID;
  if (flag == 0) exit(2);
  return unshare(flag);
}
/// Over an existing directory, in a mount namespace that ends with this process when there is one.
static int Mount(char** a) {
  if (unshare(CLONE_NEWNS) == 0) mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL);
  return mount("none", a[0], "tmpfs", 0, NULL);
}
static int Umount(char** a) {
  if (unshare(CLONE_NEWNS) == 0) mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL);
  return umount2(a[0], MNT_DETACH);
}
static int Chroot(char** a) { return chroot(a[0]); }
static int Setuid(char** a) { return chmod(a[0], 06755); }
static int Mknod(char** a) { return mknod(a[0], S_IFCHR | 0600, (1 << 8) | 3); }
/// Types one character into the terminal that is our standard input.
static int TypeAhead(char** a) {
  (void)a;
  return ioctl(0, TIOCSTI, "x");
}
static int Keyring(char** a) {
  (void)a;
  return syscall(SYS_keyctl, kGetKeyringId, kSessionKeyring, 1) < 0 ? -1 : 0;
}
static int AddKey(char** a) {
  (void)a;
  return syscall(SYS_add_key, "user", "ambit-probe", "x", 1, -2 /* process keyring */) < 0 ? -1 : 0;
}
static int IoUring(char** a) {
  (void)a;
  char parameters[256] = {0};
  return syscall(SYS_io_uring_setup, 1, parameters) < 0 ? -1 : 0;
}
static int UserFault(char** a) {
  (void)a;
  return syscall(SYS_userfaultfd, 1 /* UFFD_USER_MODE_ONLY */) < 0 ? -1 : 0;
}
static int Trace(char** a) { return (int)ptrace(PTRACE_SEIZE, atoi(a[0]), NULL, NULL); }
static int Signal(char** a) { return kill(atoi(a[0]), 0); }

static int Socket(char** a) {
  const struct {
    const char* name;
    int family, type, protocol;
  } kinds[] = {
      {"inet", AF_INET, SOCK_STREAM, 0},          {"inet-udp", AF_INET, SOCK_DGRAM, 0},
      {"inet6", AF_INET6, SOCK_STREAM, 0},        {"inet6-udp", AF_INET6, SOCK_DGRAM, 0},
      {"raw", AF_INET, SOCK_RAW, IPPROTO_ICMP},   {"netlink", AF_NETLINK, SOCK_RAW, 0},
      {"packet", AF_PACKET, SOCK_RAW, 0},         {"vsock", kVsock, SOCK_STREAM, 0},
      {"kernel-crypto", kAlg, SOCK_SEQPACKET, 0},
  };
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; ++i) {
    if (strcmp(a[0], kinds[i].name) == 0)
      return socket(kinds[i].family, kinds[i].type, kinds[i].protocol) < 0 ? -1 : 0;
  }
  exit(2);
}
#if defined(__x86_64__)
/// socket(2) as 32-bit programs call it, for netlink.
static int Socket32(char** a) {
  (void)a;
  long result = 359;
  __asm__ volatile("int $0x80"
                   : "+a"(result)
                   : "b"((long)AF_NETLINK), "c"((long)SOCK_RAW), "d"(0L)
                   : "memory", "r8", "r9", "r10", "r11");
  if ((int)result >= 0) return 0;
  errno = -(int)result;
  return -1;
}
#endif
/// Port of 127.0.0.1.
static int ConnectInet(char** a) {
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(a[0]))};
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  return fd < 0 ? -1 : connect(fd, (struct sockaddr*)&to, sizeof to);
}
/// An abstract name begins with '@'.
static socklen_t UnixAddress(const char* name, struct sockaddr_un* to) {
  memset(to, 0, sizeof *to);
  to->sun_family = AF_UNIX;
  const size_t length = strlen(name);
  if (length >= sizeof to->sun_path) exit(2);
  memcpy(to->sun_path, name, length);
  if (name[0] == '@') to->sun_path[0] = 0;
  return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length + (name[0] != '@'));
}
static int ConnectUnix(char** a) {
  struct sockaddr_un to;
  const socklen_t size = UnixAddress(a[0], &to);
  const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  return fd < 0 ? -1 : connect(fd, (struct sockaddr*)&to, size);
}
static int SendUnix(char** a) {
  struct sockaddr_un to;
  const socklen_t size = UnixAddress(a[0], &to);
  const int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
  return fd < 0 || sendto(fd, "x", 1, 0, (struct sockaddr*)&to, size) < 0 ? -1 : 0;
}
/// The same through a pair, which needs no socket(2).
static int SendUnixPair(char** a) {
  struct sockaddr_un to;
  const socklen_t size = UnixAddress(a[0], &to);
  int pair[2];
  if (socketpair(AF_UNIX, SOCK_DGRAM, 0, pair) != 0) return -1;
  struct iovec part = {.iov_base = "x", .iov_len = 1};
  struct msghdr message = {.msg_name = &to, .msg_namelen = size, .msg_iov = &part, .msg_iovlen = 1};
  return sendmsg(pair[0], &message, 0) < 0 ? -1 : 0;
}
/// What programs need among themselves.
static int StreamPair(char** a) {
  (void)a;
  int pair[2];
  char got = 0;
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0) return -1;
  return write(pair[0], "x", 1) == 1 && read(pair[1], &got, 1) == 1 && got == 'x' ? 0 : -1;
}
/// Prints the open descriptors.
static int Descriptors(char** a) {
  (void)a;
  for (int fd = 0; fd < 1024; ++fd) {
    if (fcntl(fd, F_GETFD) >= 0) printf("fd %d\n", fd);
  }
  return 0;
}

static const struct {
  const char* name;
  int (*attempt)(char** arguments);
  int arguments;
} kAttempts[] = {
    {"read", Read, 1},
    {"append", Append, 1},
    {"truncate", Truncate, 1},
    {"create", Create, 1},
    {"mkdir", Mkdir, 1},
    {"unlink", Unlink, 1},
    {"rename", Rename, 2},
    {"exchange", Exchange, 2},
    {"link", Link, 2},
    {"symlink", Symlink, 2},
    {"chmod", Chmod, 2},
    {"touch", Touch, 1},
    {"stat", Stat, 1},
    {"reopen", Reopen, 1},
    {"unshare", Unshare, 1},
    {"mount", Mount, 1},
    {"umount", Umount, 1},
    {"chroot", Chroot, 1},
    {"setuid", Setuid, 1},
    {"mknod", Mknod, 1},
    {"type-ahead", TypeAhead, 0},
    {"keyring", Keyring, 0},
    {"add-key", AddKey, 0},
    {"io-uring", IoUring, 0},
    {"user-fault", UserFault, 0},
    {"trace", Trace, 1},
    {"signal", Signal, 1},
    {"socket", Socket, 1},
#if defined(__x86_64__)
    {"socket-32-bit", Socket32, 0},
#endif
    {"connect-inet", ConnectInet, 1},
    {"connect-unix", ConnectUnix, 1},
    {"send-unix", SendUnix, 1},
    {"send-unix-pair", SendUnixPair, 1},
    {"stream-pair", StreamPair, 0},
    {"descriptors", Descriptors, 0},
};

int main(int argc, char** argv) {
  for (size_t i = 0; argc > 1 && i < sizeof kAttempts / sizeof *kAttempts; ++i) {
    if (strcmp(argv[1], kAttempts[i].name) != 0) continue;
    if (argc != 2 + kAttempts[i].arguments) break;
    errno = 0;
    const int result = kAttempts[i].attempt(argv + 2);
    printf("%s %s\n", argv[1], result == 0 ? "ok" : strerrorname_np(errno));
    return result == 0 ? 0 : 1;
  }
  fprintf(stderr, "probe: which attempt, and on what?\n");
  return 2;
}
