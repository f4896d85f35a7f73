// Makes calls that are decided when they are made, with arguments that nobody expects: bad
// pointers, strings without an end, memory that changes or goes away while it is read, odd flags
// and descriptors, from threads that are killed meanwhile.
//
//   fuzzer SEED MILLISECONDS [control]
//
// Whatever can be read is looked through for the text of denied files, and what can be written
// gets a mark, so that the caller can see what was reached. Prints
//
//   seed N calls N worked N leaked N killed N slowest N ms
//
// Status 0 when nothing leaked, every call came back and a plain open still works; 3: something
// leaked; 4: a call did not come back, or a plain open took too long. Both are told on standard
// error. With `control` it only reads, which has to leak where there is no sandbox.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
  kProcesses = 2,
  kThreads = 3,
  kSlots = kProcesses * kThreads,
  kRoom = 3 * 4096,
  kNudgeAfter = 1000,  // milliseconds, then a call that waits is interrupted
  kLongest = 60000,    // then it is lost
  kFchmodat2 = 452,
};

/// One thread, seen by the process that watches. `since` is 0 between calls.
struct Slot {
  atomic_llong since;
  atomic_long number;
  atomic_int thread;
};
static struct Shared {
  struct Slot slots[kSlots];
  atomic_long calls, worked, leaked;
} * shared;

static uint64_t seed;
static int only_reads, is_root;

static long long Now(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

/// What one thread works with.
struct Worker {
  uint64_t random;
  char* pages;  // three; the one after them cannot be read
  char* gone;   // a page that comes and goes
  char* flipped;
  int process;
  struct Slot* slot;
};

static uint64_t Random(struct Worker* w) {
  w->random ^= w->random << 13;
  w->random ^= w->random >> 7;
  w->random ^= w->random << 17;
  return w->random * 0x2545f4914f6cdd1dULL;
}
static unsigned Below(struct Worker* w, unsigned limit) {
  return (unsigned)((Random(w) >> 33) % limit);
}
#define PICK(w, list) (list)[Below((w), sizeof(list) / sizeof *(list))]

// Names.

static const char* const kNames[] = {"own.txt",
                                     ".env",
                                     "sub/prod.env",
                                     "secretsdir/key",
                                     "secretsdir",
                                     "sub",
                                     ".",
                                     "",
                                     "alias",
                                     "way-out",
                                     "loop",
                                     "turning",
                                     "new0",
                                     "new1",
                                     "new2/deep",
                                     "new2",
                                     "made.env",
                                     "sub/made.env",
                                     ".git/config",
                                     ".git",
                                     ".codex",
                                     "fifo",
                                     "prog",
                                     "script",
                                     "../outside/file",
                                     "../outside/dir",
                                     "../home/.ssh/id_rsa",
                                     "a/b/c/d/e/deep.env",
                                     "sub/own.txt",
                                     "/proc/self/cwd/.env",
                                     "/proc/thread-self/cwd/own.txt",
                                     "/proc/self/root",
                                     "/dev/stdin",
                                     "/dev/fd/5",
                                     "/proc/self/fd/6/.env",
                                     "/proc/self/fd/7",
                                     "/proc/self/status",
                                     "sub/../.env",
                                     "a/b/c/d/e/../../../../../.env",
                                     "socket",
                                     "../outside/open.sock"};
/// Names that would hurt the machine if all protection failed, for those who cannot hurt it.
static const char* const kForOthers[] = {"/",         "..",        "/etc/passwd",  "/dev/tty",
                                         "/dev/null", "/bin/true", "../../../etc", "/proc/1/root"};

static void MakeName(struct Worker* w, char* out, size_t size) {
  const char* base = !is_root && Below(w, 8) == 0 ? PICK(w, kForOthers) : PICK(w, kNames);
  char number[PATH_MAX];
  switch (Below(w, 24)) {
    case 0:
      snprintf(number, sizeof number, "/proc/self/fd/%u", Below(w, 40));
      base = number;
      break;
    case 1:
      snprintf(number, sizeof number, "/proc/%d/cwd/%s", getppid(), base);
      base = number;
      break;
    case 2:
      snprintf(number, sizeof number, "/proc/self/cwd/%s", base);
      base = number;
      break;
    default:
      break;
  }
  size_t n = 0;
  if (Below(w, 16) == 0) {  // as long as it may be, and a little more
    const size_t until = size - 64 + Below(w, 60);
    while (n + 2 < until - strlen(base)) {
      out[n++] = '.';
      out[n++] = '/';
    }
  }
  n += (size_t)snprintf(out + n, size - n, "%s", base);
  if (n >= size) n = size - 1;
  switch (Below(w, 14)) {
    case 0:
      n += (size_t)snprintf(out + n, size - n, "/");
      break;
    case 1:
      n += (size_t)snprintf(out + n, size - n, "/.");
      break;
    case 2:
      n += (size_t)snprintf(out + n, size - n, "/../%s", base);
      break;
    case 3:
      if (n > 0) out[Below(w, (unsigned)n)] = (char)Random(w);
      break;
    case 4: {  // one name that is as long as it may be, or longer
      const size_t more = 250 + Below(w, 12);
      for (size_t i = 0; i < more && n + 1 < size; ++i) out[n++] = 'n';
      break;
    }
    case 5:
      n += (size_t)snprintf(out + n, size - n, ".env");
      break;
    default:
      break;
  }
  out[n < size ? n : size - 1] = '\0';
}

static const uint64_t kBadPointers[] = {
    0, 1, 8, ~0ULL, ~0ULL - 4095, 1ULL << 63, 1ULL << 47, 0xffff800000000000ULL, 0x7fffffffe000ULL};

/// Puts bytes somewhere awkward. The address.
static uint64_t Place(struct Worker* w, const char* data, size_t size) {
  char* const end = w->pages + kRoom;
  switch (Below(w, 12)) {
    case 0:
      return PICK(w, kBadPointers);
    case 1:  // cut at the end of what can be read
      memcpy(end - size + (size > 1), data, size - (size > 1));
      return (uint64_t)(uintptr_t)(end - size + (size > 1));
    case 2: {  // across a border of pages
      char* at = w->pages + 4096 - (size < 4096 ? Below(w, (unsigned)size + 1) : 0);
      memcpy(at, data, size);
      return (uint64_t)(uintptr_t)at;
    }
    case 3:  // may be gone by the time it is read
      return (uint64_t)(uintptr_t)w->gone + Below(w, 64);
    case 4:  // changes while it is read
      return (uint64_t)(uintptr_t)w->flipped;
    default: {
      char* at = end - size - Below(w, 3) * 16;
      memcpy(at, data, size);
      return (uint64_t)(uintptr_t)at;
    }
  }
}

static uint64_t Name(struct Worker* w) {
  char name[PATH_MAX + 64];
  // A second name must not overwrite the first: at most one of them is long.
  MakeName(w, name, Below(w, 6) == 0 ? sizeof name : 600);
  return Place(w, name, strlen(name) + 1);
}

static uint64_t Descriptor(struct Worker* w) {
  static const uint64_t kOdd[] = {(uint64_t)-1, (uint64_t)INT_MIN, INT_MAX, 1000000, 1, 2};
  switch (Below(w, 8)) {
    case 0:
      return PICK(w, kOdd);
    case 1:
    case 2:
      return 3 + Below(w, 40);
    default:
      return (uint64_t)(int64_t)AT_FDCWD;
  }
}

static uint64_t Flags(struct Worker* w, const uint32_t* known, size_t count) {
  uint32_t flags = 0;
  for (unsigned n = Below(w, 4); n > 0; --n) flags |= known[Below(w, (unsigned)count)];
  if (Below(w, 16) == 0) flags |= (uint32_t)Random(w);
  return flags;
}
#define FLAGS(w, list) Flags((w), (list), sizeof(list) / sizeof *(list))
static const uint32_t kOpenFlags[] = {O_WRONLY,   O_RDWR,     O_CREAT,         O_EXCL,   O_TRUNC,
                                      O_APPEND,   O_NONBLOCK, O_DIRECTORY,     O_PATH,   O_TMPFILE,
                                      O_NOFOLLOW, O_CLOEXEC,  O_NOATIME,       O_DIRECT, 3,
                                      O_ASYNC,    O_NONBLOCK, O_CREAT | O_RDWR};
static const uint32_t kAtFlags[] = {AT_EMPTY_PATH,     AT_SYMLINK_NOFOLLOW,
                                    AT_SYMLINK_FOLLOW, AT_REMOVEDIR,
                                    AT_NO_AUTOMOUNT,   1,
                                    AT_EACCESS,        0x10000};
static const uint32_t kRenameFlags[] = {1, 2, 4, 8};
static const uint32_t kSendFlags[] = {MSG_DONTWAIT, MSG_NOSIGNAL, MSG_MORE,  MSG_OOB,
                                      MSG_EOR,      MSG_CONFIRM,  0x4000000, 0x20000000};

static uint64_t Mode(struct Worker* w) {
  static const uint64_t kModes[] = {0644,    0,       07777,   04755,   02755,   01777,
                                    0100644, 0010644, 0140644, 0020666, 0060666, 0170000};
  return Below(w, 8) == 0 ? Random(w) : PICK(w, kModes);
}
static uint64_t Size(struct Worker* w) {
  static const uint64_t kSizes[] = {0,     1,     16,         255,   4096,
                                    65536, 65537, 1ULL << 31, ~0ULL, 1ULL << 63};
  return PICK(w, kSizes);
}

// Socket addresses and messages.

/// Of the sandbox's own loopback, or of nobody.
static uint64_t InternetAddress(struct Worker* w, uint64_t* size) {
  static const uint32_t kHosts[] = {0x7f000001, 0, 0xc6120001, 0x0a000001, 0xffffffff, 0x7f000035};
  static const uint16_t kPorts[] = {0, 22, 53, 80, 443, 65535};
  if (Below(w, 3) == 0) {
    struct sockaddr_in6 to = {.sin6_family = AF_INET6, .sin6_port = htons(PICK(w, kPorts))};
    const uint32_t host = htonl(PICK(w, kHosts));
    memcpy(&to.sin6_addr.s6_addr[12], &host, 4);
    if (Below(w, 2)) memset(&to.sin6_addr.s6_addr[10], 0xff, 2);
    *size = Below(w, 6) == 0 ? Below(w, 200) : sizeof to;
    return Place(w, (const char*)&to, sizeof to);
  }
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(PICK(w, kPorts))};
  to.sin_addr.s_addr = htonl(PICK(w, kHosts));
  *size = Below(w, 6) == 0 ? Below(w, 200) : sizeof to;
  return Place(w, (const char*)&to, sizeof to);
}

static uint64_t Address(struct Worker* w, uint64_t* size) {
  if (Below(w, 4) == 0) return InternetAddress(w, size);
  struct sockaddr_un to = {.sun_family = AF_UNIX};
  char name[PATH_MAX];
  MakeName(w, name, sizeof name);
  memcpy(to.sun_path, name, sizeof to.sun_path);
  if (Below(w, 8) == 0) to.sun_path[0] = 0;
  if (Below(w, 10) == 0) to.sun_family = (sa_family_t)Below(w, 50);
  *size = Below(w, 6) == 0 ? Size(w) : 2 + strnlen(to.sun_path, sizeof to.sun_path) + Below(w, 3);
  if (*size > 200 && Below(w, 2)) *size = Below(w, 200);
  return Place(w, (const char*)&to, sizeof to);
}

static void MakeMessage(struct Worker* w, struct msghdr* out) {
  // Two pages of one's own, so that it can be placed anywhere.
  char* const room = w->pages + 64;
  struct iovec* const parts = (struct iovec*)room;
  for (int i = 0; i < 4; ++i) {
    parts[i].iov_base = (void*)(uintptr_t)(Below(w, 4) == 0 ? PICK(w, kBadPointers)
                                                            : (uint64_t)(uintptr_t)w->pages);
    parts[i].iov_len = Below(w, 4) == 0 ? Size(w) : Below(w, 64);
  }
  char* const control = room + 512;
  struct cmsghdr* const head = (struct cmsghdr*)control;
  head->cmsg_level = Below(w, 8) == 0 ? (int)Random(w) : SOL_SOCKET;
  head->cmsg_type = Below(w, 4) == 0 ? (int)Below(w, 5) : SCM_RIGHTS;
  const unsigned count = Below(w, 6) == 0 ? 300 : Below(w, 4);
  int* const numbers = (int*)CMSG_DATA(head);
  for (unsigned i = 0; i < count; ++i) numbers[i] = (int)Descriptor(w);
  head->cmsg_len = Below(w, 6) == 0 ? (size_t)Size(w) : CMSG_LEN(sizeof(int) * count);
  uint64_t size = 0;
  memset(out, 0, sizeof *out);
  if (Below(w, 2)) {
    out->msg_name = (void*)(uintptr_t)Address(w, &size);
    out->msg_namelen = (socklen_t)size;
  }
  out->msg_iov = parts;
  out->msg_iovlen = Below(w, 8) == 0 ? Size(w) : Below(w, 5);
  if (Below(w, 2)) {
    out->msg_control = control;
    out->msg_controllen = Below(w, 6) == 0 ? Size(w) : CMSG_SPACE(sizeof(int) * count);
  }
}

// The calls, with a letter for each argument.

struct Call {
  int number;
  const char* arguments;
};
static const struct Call kReads[] = {{SYS_openat, "dp0m"},    {SYS_getxattr, "pnvs"},
                                     {SYS_lgetxattr, "pnvs"}, {SYS_listxattr, "pvs"},
                                     {SYS_llistxattr, "pvs"}, {SYS_readlinkat, "dpvs"}};
static const struct Call kCalls[] = {
    {SYS_openat, "dpfm"},
    {SYS_openat, "dpfm"},
    {SYS_openat, "dpfm"},
    {SYS_openat, "dp0m"},
    {SYS_mkdirat, "dpm"},
    {SYS_mknodat, "dpmD"},
    {SYS_symlinkat, "pdp"},
    {SYS_linkat, "dpdpa"},
    {SYS_renameat, "dpdp"},
    {SYS_renameat2, "dpdpr"},
    {SYS_unlinkat, "dpa"},
    {SYS_truncate, "ps"},
    {SYS_fchmod, "dm"},
    {SYS_fchmodat, "dpm"},
    {kFchmodat2, "dpma"},
    {SYS_fchown, "doo"},
    {SYS_fchownat, "dpooa"},
    {SYS_utimensat, "dpta"},
    {SYS_setxattr, "pntsx"},
    {SYS_lsetxattr, "pntsx"},
    {SYS_fsetxattr, "dntsx"},
    {SYS_removexattr, "pn"},
    {SYS_lremovexattr, "pn"},
    {SYS_fremovexattr, "dn"},
    {SYS_getxattr, "pnvs"},
    {SYS_lgetxattr, "pnvs"},
    {SYS_listxattr, "pvs"},
    {SYS_llistxattr, "pvs"},
    {SYS_connect, "kAL"},
    {SYS_bind, "kAL"},
    {SYS_sendto, "ktsSAL"},
    {SYS_sendmsg, "kMS"},
    {SYS_sendmmsg, "kHcS"},
    {SYS_execve, "ptt"},
    {SYS_execveat, "dptta"},
    {SYS_openat2, "dpts"},
    {SYS_open_by_handle_at, "dtf"},
#ifdef SYS_open
    {SYS_open, "pfm"},
    {SYS_creat, "pm"},
    {SYS_mkdir, "pm"},
    {SYS_mknod, "pmD"},
    {SYS_symlink, "pp"},
    {SYS_link, "pp"},
    {SYS_rename, "pp"},
    {SYS_unlink, "p"},
    {SYS_rmdir, "p"},
    {SYS_chmod, "pm"},
    {SYS_chown, "poo"},
    {SYS_lchown, "poo"},
    {SYS_utime, "pt"},
    {SYS_utimes, "pt"},
    {SYS_futimesat, "dpt"},
#endif
};

static uint64_t Argument(struct Worker* w, char kind, uint64_t* address_size) {
  static const char* const kAttributes[] = {
      "user.secret", "user.x", "security.capability", "", "trusted.x", "system.posix_acl_access"};
  static const uint64_t kTimes[] = {0, 1, ~0ULL, 0x3fffffff, 0x3ffffffe, 1000000, 1ULL << 62};
  switch (kind) {
    case 'p':
      return Name(w);
    case 'd':
      return Descriptor(w);
    case 'k':
      return Below(w, 6) == 0 ? Descriptor(w) : 3 + Below(w, 20);
    case 'f':
      return FLAGS(w, kOpenFlags);
    case 'a':
      return FLAGS(w, kAtFlags);
    case 'r':
      return FLAGS(w, kRenameFlags);
    case 'S':
      return FLAGS(w, kSendFlags);
    case 'x':
      return Below(w, 4);
    case 'm':
      return Mode(w);
    case 'o':
      return Below(w, 4) == 0 ? Random(w) : Below(w, 2) ? ~0ULL : geteuid();
    case 'D':
      return Below(w, 2) ? 0 : Random(w);
    case 'c':
      return Below(w, 4) == 0 ? Size(w) : Below(w, 4);
    case 's':
      return Size(w);
    case 'n': {
      const char* const name = PICK(w, kAttributes);
      return Below(w, 8) == 0 ? Name(w) : Place(w, name, strlen(name) + 1);
    }
    case 't': {
      uint64_t times[8];
      for (int i = 0; i < 8; ++i) times[i] = PICK(w, kTimes);
      return Below(w, 3) == 0 ? 0 : Place(w, (const char*)times, sizeof times);
    }
    case 'v':
      return Below(w, 6) == 0 ? PICK(w, kBadPointers) : (uint64_t)(uintptr_t)w->pages;
    case 'A':
      return Below(w, 12) == 0 ? 0 : Address(w, address_size);
    case 'L':
      return *address_size;
    case 'M':
    case 'H': {
      struct mmsghdr all[3];
      for (int i = 0; i < 3; ++i) {
        MakeMessage(w, &all[i].msg_hdr);
        all[i].msg_len = 0;
      }
      return Place(w, (const char*)all, kind == 'M' ? sizeof(struct msghdr) : sizeof all);
    }
    default:
      return 0;
  }
}

// What the calls came to.

static int Has(const char* data, size_t size) {
  // Put together here, so that it is nowhere else in this program's memory.
  char secret[] = "TFDSFU>nbef.vq";
  for (char* c = secret; *c != '\0'; ++c) --*c;
  return memmem(data, size, secret, sizeof secret - 1) != NULL;
}

static void Leak(const char* what, long number) {
  char text[160];
  const int n = snprintf(text, sizeof text, "fuzzer: seed %llu: %s by call %ld\n",
                         (unsigned long long)seed, what, number);
  if (write(2, text, (size_t)n) < 0) abort();
  atomic_fetch_add(&shared->leaked, 1);
}

static void LookAt(struct Worker* w, long number, int fd) {
  char data[4096];
  struct stat st;
  if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
    const ssize_t n = pread(fd, data, sizeof data, 0);
    if (n > 0 && Has(data, (size_t)n)) Leak("a denied file was read", number);
    if (!only_reads && pwrite(fd, "REACHED\n", 8, 0) == 8) atomic_fetch_add(&shared->worked, 1);
  }
  if (Below(w, 8) != 0 || fd > 40) close(fd);  // some stay, to be used again
}

static int GivesDescriptor(long number) {
  switch (number) {
#ifdef SYS_open
    case SYS_open:
    case SYS_creat:
#endif
    case SYS_openat:
    case SYS_openat2:
    case SYS_open_by_handle_at:
      return 1;
    default:
      return 0;
  }
}
static int Starts(long number) { return number == SYS_execve || number == SYS_execveat; }

static long Make(const struct Call* call, const uint64_t* a) {
  if (!Starts(call->number)) return syscall(call->number, a[0], a[1], a[2], a[3], a[4], a[5]);
  const pid_t child = fork();
  if (child == 0) {
    alarm(5);
    close(1);
    close(2);
    syscall(call->number, a[0], a[1], a[2], a[3], a[4], a[5]);
    _exit(0);
  }
  waitpid(child, NULL, 0);
  return 0;
}

static void One(struct Worker* w) {
  const struct Call* const call = only_reads ? &PICK(w, kReads) : &PICK(w, kCalls);
  uint64_t arguments[6], address_size = 0;
  for (int i = 0; i < 6; ++i) arguments[i] = Random(w);
  const size_t count = strlen(call->arguments);
  for (size_t i = 0; i < count; ++i) {
    arguments[i] = Argument(w, call->arguments[i], &address_size);
    if (strchr("dkfaxrSmoL", call->arguments[i]) && Below(w, 8) == 0) {
      arguments[i] = (uint32_t)arguments[i] | Random(w) << 32;  // the kernel ignores this half
    }
  }
  memset(w->pages, 0, 32);
  atomic_store(&w->slot->number, call->number);
  atomic_store(&w->slot->since, Now());
  const long result = Make(call, arguments);
  atomic_store(&w->slot->since, 0);
  atomic_fetch_add(&shared->calls, 1);
  if (Has(w->pages, kRoom)) {
    Leak("an attribute was read", call->number);
    memset(w->pages, 0, kRoom);
  }
  if (result < 0) return;
  atomic_fetch_add(&shared->worked, 1);
  if (GivesDescriptor(call->number)) LookAt(w, call->number, (int)result);
}

#if defined(__x86_64__)
/// The calls of 32-bit programs, which must not get past. In a process that may be killed for it.
static void OneOfTheOld(struct Worker* w) {
  static const int kOldOpen = 5, kOldOpenat = 295;
  char* const low =
      mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
  if (low == MAP_FAILED) return;
  strcpy(low, ".env");
  const int at = Below(w, 2) == 0;
  const pid_t child = fork();
  if (child == 0) {
    char data[64];
    long fd;
    __asm__ volatile("int $0x80"
                     : "=a"(fd)
                     : "a"((long)(at ? kOldOpenat : kOldOpen)),
                       "b"(at ? (long)AT_FDCWD : (long)(uintptr_t)low),
                       "c"(at ? (long)(uintptr_t)low : 0L), "d"(0L)
                     : "memory", "r8", "r9", "r10", "r11");
    if (fd >= 0) {
      const ssize_t n = pread((int)fd, data, sizeof data, 0);
      if (n > 0 && Has(data, (size_t)n)) Leak("a denied file was read by an old call", fd);
    }
    _exit(0);
  }
  waitpid(child, NULL, 0);
  munmap(low, 4096);
}
#endif

static void* Work(void* argument) {
  struct Worker* w = argument;
  atomic_store(&w->slot->thread, (int)syscall(SYS_gettid));
  for (unsigned n = 1;; ++n) {
    One(w);
#if defined(__x86_64__)
    if (n % 4096 == 0 && !only_reads) OneOfTheOld(w);
#endif
    if (n % 512 == 0) {
      for (int fd = 20; fd < 60; ++fd) close(fd);
    }
  }
  return NULL;
}

/// Rewrites what others pass on, and takes a page away from under them.
static void* Disturb(void* argument) {
  struct Worker* w = argument;
  static const char* const kPairs[] = {"own.txt", ".env\0txt", "sub/own.txt\0", "sub/prod.env"};
  for (unsigned n = 0;; ++n) {
    const char* const name = kPairs[n % 2 + (n / 64 % 2) * 2];
    for (int i = 0; i < 13; ++i)
      ((volatile char*)w->flipped)[i] = name[i < 8 || n / 64 % 2 ? i : 7];
    if (n % 64 == 0) {
      mprotect(w->gone, 4096, PROT_NONE);
      mprotect(w->gone, 4096, PROT_READ | PROT_WRITE);
      MakeName(w, w->gone, 200);
      usleep(50);
    }
  }
  return NULL;
}

static void* Pages(size_t size) {
  char* const all =
      mmap(NULL, size + 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (all == MAP_FAILED) _exit(5);
  mprotect(all + size, 4096, PROT_NONE);
  return all;
}

static void OpenSome(void) {
  int pair[2];
  static const char* const kOpened[] = {".", "../outside", "sub", "own.txt", "/proc/self"};
  for (int i = 0; i < 5; ++i) {
    if (open(kOpened[i], O_PATH) < 0) continue;
  }
  if (open(".env", O_PATH) < 0 || open("..", O_PATH) < 0) errno = 0;
  const int kinds[] = {SOCK_STREAM, SOCK_SEQPACKET, SOCK_DGRAM};
  for (int i = 0; i < 3; ++i) {
    socket(AF_UNIX, kinds[i] | SOCK_NONBLOCK, 0);
    if (socketpair(AF_UNIX, kinds[i] | SOCK_NONBLOCK, 0, pair) != 0) continue;
  }
  for (int i = 0; i < 4; ++i) {
    socket(i % 2 ? AF_INET : AF_INET6, (i / 2 ? SOCK_STREAM : SOCK_DGRAM) | SOCK_NONBLOCK, 0);
  }
  if (pipe2(pair, O_NONBLOCK) != 0) errno = 0;
}

static void OnNudge(int signal) { (void)signal; }

static void RunProcess(int index, uint64_t random) {
  struct sigaction action = {.sa_handler = OnNudge};
  sigaction(SIGUSR1, &action, NULL);
  signal(SIGPIPE, SIG_IGN);
  signal(SIGXFSZ, SIG_IGN);
  setpgid(0, 0);
  OpenSome();
  char* const flipped = Pages(4096);
  static struct Worker workers[kThreads + 1];
  for (int i = 0; i <= kThreads; ++i) {
    workers[i] = (struct Worker){.random = random + 0x9e3779b97f4a7c15ULL * (uint64_t)(i + 1),
                                 .pages = Pages(kRoom),
                                 .gone = i == 0 ? Pages(4096) : workers[0].gone,
                                 .flipped = flipped,
                                 .slot = &shared->slots[index * kThreads + i % kThreads]};
    pthread_t thread;
    if (pthread_create(&thread, NULL, i < kThreads ? Work : Disturb, &workers[i]) != 0) _exit(5);
  }
  for (;;) pause();
}

static pid_t Start(int index, uint64_t random) {
  for (int i = 0; i < kThreads; ++i) atomic_store(&shared->slots[index * kThreads + i].since, 0);
  const pid_t child = fork();
  if (child == 0) RunProcess(index, random);
  return child;
}

/// 0 when every call comes back in time. Those that wait, for the other end of a pipe for example,
/// are interrupted.
static int Watch(const pid_t* processes) {
  const long long now = Now();
  for (int i = 0; i < kSlots; ++i) {
    const long long since = atomic_load(&shared->slots[i].since);
    if (since == 0 || now - since < kNudgeAfter) continue;
    if (now - since > kLongest) {
      fprintf(stderr, "fuzzer: seed %llu: call %ld does not come back\n", (unsigned long long)seed,
              atomic_load(&shared->slots[i].number));
      return 4;
    }
    syscall(SYS_tgkill, processes[i / kThreads], atomic_load(&shared->slots[i].thread), SIGUSR1);
  }
  return 0;
}

/// Makes again what the calls take away, so that there is always something to work on.
static void Restore(void) {
  static const char* const kFolders[] = {".", "sub", "a", "a/b", "a/b/c", "a/b/c/d", "a/b/c/d/e"};
  static const char* const kFiles[] = {"own.txt", "sub/own.txt", "new2/deep"};
  static const char* const kLinks[][2] = {{".env", "alias"},
                                          {"../outside/file", "way-out"},
                                          {"loop", "loop"},
                                          {"sub/prod.env", "turning"},
                                          {"own.txt", "turning"}};
  for (size_t i = 0; i < sizeof kFolders / sizeof *kFolders; ++i) {
    mkdir(kFolders[i], 0755);
    chmod(kFolders[i], 0755);
  }
  mkdir("new2", 0755);
  for (size_t i = 0; i < sizeof kFiles / sizeof *kFiles; ++i) {
    const int fd = open(kFiles[i], O_WRONLY | O_CREAT | O_NONBLOCK | O_CLOEXEC, 0644);
    if (fd >= 0) close(fd);
  }
  for (size_t i = 0; i < sizeof kLinks / sizeof *kLinks; ++i) {
    if (symlink(kLinks[i][0], kLinks[i][1]) != 0) continue;
  }
  mkfifo("fifo", 0644);
}

/// How long an open takes that nobody forbids; -1 when it fails.
static long long PlainOpen(void) {
  const long long start = Now();
  const int fd = open("/etc/passwd", O_RDONLY | O_CLOEXEC);
  if (fd < 0) return -1;
  close(fd);
  return Now() - start;
}

static void End(pid_t process) {
  kill(-process, SIGKILL);
  kill(process, SIGKILL);
  waitpid(process, NULL, 0);
}

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  seed = strtoull(argv[1], NULL, 10);
  const long long until = Now() + atoll(argv[2]);
  only_reads = argc > 3;
  is_root = geteuid() == 0;
  // Nobody may fill the disk.
  const struct rlimit most = {1 << 20, 1 << 20}, files = {256, 256};
  setrlimit(RLIMIT_FSIZE, &most);
  setrlimit(RLIMIT_NOFILE, &files);
  shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (shared == MAP_FAILED) return 2;
  uint64_t random = seed * 0x9e3779b97f4a7c15ULL + 1;
  pid_t processes[kProcesses];
  for (int i = 0; i < kProcesses; ++i) processes[i] = Start(i, random += 0x1234567);
  long long slowest = 0;
  long killed = 0;
  int status = 0;
  for (unsigned n = 1; status == 0 && Now() < until; ++n) {
    usleep(20000);
    status = Watch(processes);
    const long long took = PlainOpen();
    if (took > slowest) slowest = took;
    if (took < 0 || took > kLongest) status = 4;
    if (!only_reads && n % 5 == 0) Restore();
    if (n % 10 != 0) continue;
    const int index = (int)(n / 10 % kProcesses);  // in the middle of whatever it does
    End(processes[index]);
    ++killed;
    processes[index] = Start(index, random += 0x1234567);
  }
  for (int i = 0; i < kProcesses; ++i) End(processes[i]);
  if (PlainOpen() < 0) status = 4;
  if (status == 0 && atomic_load(&shared->leaked) != 0) status = 3;
  printf("seed %llu calls %ld worked %ld leaked %ld killed %ld slowest %lld ms\n",
         (unsigned long long)seed, atomic_load(&shared->calls), atomic_load(&shared->worked),
         atomic_load(&shared->leaked), killed, slowest);
  return status;
}
