// Attempts on the kernel, on other processes and on what they share. See attempt.h for how they
// answer. Calls that would do harm are made with arguments that the kernel refuses after it asked
// whether the caller may: any errno but EPERM and ENOSYS counts as having reached it.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <mqueue.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/personality.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "attempt.h"

// Newer than Debian 12's headers, or of no libc header.
enum {
  kOpenTree = 428,
  kMoveMount = 429,
  kFsopen = 430,
  kClone3 = 435,
  kPidfdOpen = 434,
  kPidfdGetfd = 438,
  kProcessMadvise = 440,
  kMountSetattr = 442,
  kSetMempolicyHomeNode = 450,
  kQuotactlFd = 443,
  kSessionKeyring = -3,
  kKeyctlRead = 11,
  kKeyctlSearch = 10,
  kKeyctlJoin = 1,
};

// Namespaces and mounts.
static int CloneInto(char** a) {
  const unsigned long flags = strcmp(a[0], "user") == 0    ? CLONE_NEWUSER
                              : strcmp(a[0], "mount") == 0 ? CLONE_NEWNS
                              : strcmp(a[0], "pid") == 0   ? CLONE_NEWPID
                                                           : CLONE_NEWNET;
  const long child = syscall(SYS_clone, flags | SIGCHLD, 0, 0, 0, 0);
  if (child == 0) _exit(0);
  return child < 0 ? -1 : 0;
}
static int Clone3User(char** a) {
  (void)a;
  unsigned long arguments[8] = {CLONE_NEWUSER, 0, 0, 0, SIGCHLD, 0, 0, 0};
  const long child = syscall(kClone3, arguments, sizeof arguments);
  if (child == 0) _exit(0);
  return child < 0 ? -1 : 0;
}
static int NewTimeNamespace(char** a) {
  (void)a;
  return unshare(0x80 /* CLONE_NEWTIME */);
}
static int EnterNamespace(char** a) {
  const int fd = open(a[0], O_RDONLY);
  return fd < 0 ? -1 : setns(fd, 0);
}
static int CopyMounts(char** a) {
  (void)a;
  return syscall(kOpenTree, AT_FDCWD, "/", 0x8001 /* clone, with all below */) < 0 ? -1 : 0;
}
static int NewFilesystem(char** a) {
  (void)a;
  return syscall(kFsopen, "tmpfs", 0) < 0 ? -1 : 0;
}

// Calls made with useless arguments.
struct Call {
  const char* name;
  long number;
  long arguments[6];
};
#define NOWHERE ((long)1)
static const struct Call kCalls[] = {
    {"bpf", SYS_bpf, {-1, NOWHERE, 0}},
    {"perf_event_open", SYS_perf_event_open, {NOWHERE, 0, -1, -1, 0}},
    {"fanotify_init", SYS_fanotify_init, {0x200 /* FAN_REPORT_FID */, 0}},
    {"kcmp", SYS_kcmp, {0, 0, 0, 0, 0}},
    {"set_mempolicy_home_node", kSetMempolicyHomeNode, {0, 0, 0, 9}},
    {"set_mempolicy", SYS_set_mempolicy, {0, 0, 0}},
    {"modify_ldt", SYS_modify_ldt, {99, 0, 0}},
    {"personality", SYS_personality, {READ_IMPLIES_EXEC}},
    {"vmsplice", SYS_vmsplice, {-1, NOWHERE, 1, 0}},
    {"process_madvise", kProcessMadvise, {-1, NOWHERE, 1, 0, 0}},
    {"process_vm_writev", SYS_process_vm_writev, {0, NOWHERE, 1, NOWHERE, 1, 0}},
    {"clock_settime", SYS_clock_settime, {CLOCK_REALTIME, NOWHERE}},
    {"settimeofday", SYS_settimeofday, {NOWHERE, 0}},
    {"adjtimex", SYS_adjtimex, {NOWHERE}},
    {"sethostname", SYS_sethostname, {NOWHERE, 5}},
    {"setdomainname", SYS_setdomainname, {NOWHERE, 5}},
    {"syslog", SYS_syslog, {10 /* size of the log */, 0, 0}},
    {"reboot", SYS_reboot, {1, 2, 3, 0}},
    {"swapon", SYS_swapon, {NOWHERE, 0}},
    {"swapoff", SYS_swapoff, {NOWHERE}},
    {"init_module", SYS_init_module, {NOWHERE, 0, NOWHERE}},
    {"finit_module", SYS_finit_module, {-1, NOWHERE, 0}},
    {"delete_module", SYS_delete_module, {NOWHERE, 0}},
    {"kexec_load", SYS_kexec_load, {0, 9999, NOWHERE, 0}},
    {"acct", SYS_acct, {NOWHERE}},
    {"quotactl", SYS_quotactl, {-1, NOWHERE, 0, NOWHERE}},
    {"quotactl_fd", kQuotactlFd, {-1, -1, 0, 0}},
    {"iopl", SYS_iopl, {0}},
    {"vhangup", SYS_vhangup, {0}},
    {"ustat", SYS_ustat, {-1, NOWHERE}},
    {"mount_setattr", kMountSetattr, {-1, NOWHERE, 0, NOWHERE, 64}},
    {"move_mount", kMoveMount, {-1, NOWHERE, -1, NOWHERE, 0}},
    {"pivot_root", SYS_pivot_root, {NOWHERE, NOWHERE}},
    {"request_key", SYS_request_key, {NOWHERE, NOWHERE, 0, 0}},
    {"io_uring_enter", SYS_io_uring_enter, {-1, 0, 0, 0, 0, 0}},
    {"io_uring_register", SYS_io_uring_register, {-1, 99, 0, 0}},
};
static int Reach(char** a) {
  for (size_t i = 0; i < sizeof kCalls / sizeof *kCalls; ++i) {
    if (strcmp(a[0], kCalls[i].name) != 0) continue;
    const long* const x = kCalls[i].arguments;
    const long r = syscall(kCalls[i].number, x[0], x[1], x[2], x[3], x[4], x[5]);
    return r < 0 && (errno == EPERM || errno == ENOSYS) ? -1 : 0;
  }
  exit(2);
}

// Other ways into the kernel.
#if defined(__x86_64__)
/// open(2) as 32-bit programs call it.
static int Read32(char** a) {
  char* low =
      mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
  if (low == MAP_FAILED) return -1;
  strncpy(low, a[0], 4095);
  long result = 5;
  __asm__ volatile("int $0x80"
                   : "+a"(result)
                   : "b"((long)(size_t)low), "c"(0L), "d"(0L)
                   : "memory", "r8", "r9", "r10", "r11");
  if ((int)result < 0) {
    errno = -(int)result;
    return -1;
  }
  const ssize_t n = read((int)result, low, 256);
  printf("content %.*s\n", (int)n, low);
  return n < 0 ? -1 : 0;
}
static int ReadX32(char** a) {
  char text[256];
  const long fd = syscall(0x40000000L | SYS_open, a[0], O_RDONLY, 0);
  if (fd < 0) return -1;
  const ssize_t n = read((int)fd, text, sizeof text);
  printf("content %.*s\n", (int)n, text);
  return n < 0 ? -1 : 0;
}
#else
static int Read32(char** a) {
  (void)a;
  errno = ENOSYS;
  return -1;
}
static int ReadX32(char** a) { return Read32(a); }
#endif

/// The number of the request with bits above those that the kernel looks at.
static int TypeAheadHigh(char** a) {
  (void)a;
  return (int)syscall(SYS_ioctl, 0, 0xabcdef0000005412UL, "x");
}
static int ConsoleRequest(char** a) {
  (void)a;
  char subcode = 6;
  return (int)syscall(SYS_ioctl, 0, 0xabcdef000000541cUL, &subcode);
}

// Processes outside, by the number they have there.
static int GetLimit(char** a) {
  struct rlimit limit;
  return prlimit(atoi(a[0]), RLIMIT_CORE, NULL, &limit);
}
static int SetLimit(char** a) {
  struct rlimit limit = {0, 0};
  return prlimit(atoi(a[0]), RLIMIT_CORE, &limit, NULL);
}
static int SetPriority(char** a) { return setpriority(PRIO_PROCESS, (id_t)atoi(a[0]), 19); }
static int SetAffinity(char** a) {
  cpu_set_t all;
  memset(&all, 0xff, sizeof all);
  return sched_setaffinity(atoi(a[0]), sizeof all, &all);
}
static int SetScheduler(char** a) {
  const struct sched_param none = {0};
  return sched_setscheduler(atoi(a[0]), SCHED_BATCH, &none);
}
static int TakeDescriptor(char** a) {
  const int process = (int)syscall(kPidfdOpen, atoi(a[0]), 0);
  return process < 0 || syscall(kPidfdGetfd, process, 0, 0) < 0 ? -1 : 0;
}
static int ReadMemory(char** a) {
  char byte = 0;
  struct iovec here = {&byte, 1};
  struct iovec there = {(void*)(size_t)strtoull(a[1], NULL, 16), 1};
  return process_vm_readv(atoi(a[0]), &here, 1, &there, 1, 0) == 1 ? 0 : -1;
}

// What processes of one machine share.
static int MakeShared(char** a) {
  (void)a;
  const int id = shmget(IPC_PRIVATE, 4096, IPC_CREAT | 0666);
  char* memory = id < 0 ? (char*)-1 : shmat(id, NULL, 0);
  if (memory == (char*)-1) return -1;
  strcpy(memory, "made-up");
  printf("id %d\n", id);
  return 0;
}
static int ReadShared(char** a) {
  const char* memory = shmat(atoi(a[0]), NULL, SHM_RDONLY);
  if (memory == (const char*)-1) return -1;
  printf("content %.7s\n", memory);
  return 0;
}
static int RemoveShared(char** a) { return shmctl(atoi(a[0]), IPC_RMID, NULL); }
static int MakeMessages(char** a) {
  return msgget((key_t)atoi(a[0]), IPC_CREAT | IPC_EXCL | 0666) < 0 ? -1 : 0;
}
static int OpenMessages(char** a) { return msgget((key_t)atoi(a[0]), 0) < 0 ? -1 : 0; }
static int RemoveMessages(char** a) { return msgctl(msgget((key_t)atoi(a[0]), 0), IPC_RMID, NULL); }
static int MakeQueue(char** a) {
  return mq_open(a[0], O_CREAT | O_EXCL | O_RDWR, 0600, NULL) == (mqd_t)-1 ? -1 : 0;
}
static int OpenQueue(char** a) { return mq_open(a[0], O_RDWR) == (mqd_t)-1 ? -1 : 0; }
static int RemoveQueue(char** a) { return mq_unlink(a[0]); }
/// A key in a session keyring of its own, then the rest of the command line in that session.
static int WithKey(int argc, char** argv) {
  if (syscall(SYS_keyctl, kKeyctlJoin, NULL) < 0) return -1;
  const long key = syscall(SYS_add_key, "user", "ambit-probe", "made-up", 7, kSessionKeyring);
  if (key < 0) return -1;
  // For whoever has it, and for the owner.
  if (syscall(SYS_keyctl, 5 /* set permissions */, key, 0x3f3f0000) < 0) return -1;
  if (argc > 2) execv(argv[2], argv + 2);
  return -1;
}
static int ReadKey(char** a) {
  (void)a;
  char text[64] = {0};
  const long key = syscall(SYS_keyctl, kKeyctlSearch, kSessionKeyring, "user", "ambit-probe", 0);
  if (key < 0 || syscall(SYS_keyctl, kKeyctlRead, key, text, sizeof text) < 0) return -1;
  printf("content %s\n", text);
  return 0;
}

// Sockets.
static int SocketOf(char** a) {
  return socket(atoi(a[0]), atoi(a[1]) | SOCK_CLOEXEC, atoi(a[2])) < 0 ? -1 : 0;
}
static int SendFast(char** a) {
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(a[0]))};
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  return fd < 0 || sendto(fd, "x", 1, MSG_FASTOPEN, (struct sockaddr*)&to, sizeof to) < 0 ? -1 : 0;
}
static socklen_t UnixAddress(const char* name, struct sockaddr_un* to) {
  memset(to, 0, sizeof *to);
  to->sun_family = AF_UNIX;
  strncpy(to->sun_path, name, sizeof to->sun_path - 1);
  return sizeof *to;
}
/// Gives a descriptor to the datagram socket at the path, through a pair.
static int SendDescriptor(char** a) {
  struct sockaddr_un to;
  const socklen_t size = UnixAddress(a[0], &to);
  int pair[2];
  if (socketpair(AF_UNIX, SOCK_DGRAM, 0, pair) != 0) return -1;
  union {
    struct cmsghdr head;
    char room[CMSG_SPACE(sizeof(int))];
  } control = {.head = {.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS}};
  control.head.cmsg_len = CMSG_LEN(sizeof(int));
  memcpy(CMSG_DATA(&control.head), &pair[1], sizeof(int));
  struct iovec part = {"x", 1};
  const struct msghdr message = {.msg_name = &to,
                                 .msg_namelen = size,
                                 .msg_iov = &part,
                                 .msg_iovlen = 1,
                                 .msg_control = &control,
                                 .msg_controllen = sizeof control};
  return sendmsg(pair[0], &message, 0) < 0 ? -1 : 0;
}
static int ConnectPair(char** a) {
  struct sockaddr_un to;
  const socklen_t size = UnixAddress(a[0], &to);
  int pair[2];
  if (socketpair(AF_UNIX, SOCK_DGRAM, 0, pair) != 0) return -1;
  return connect(pair[0], (struct sockaddr*)&to, size);
}

/// Tries to have `count` processes at once.
static int Processes(char** a) {
  const int count = atoi(a[0]);
  int made = 0;
  int failed = 0;
  for (; made < count; ++made) {
    const pid_t child = fork();
    if (child == 0) {
      pause();
      _exit(0);
    }
    if (child < 0) {
      failed = errno;
      break;
    }
  }
  signal(SIGTERM, SIG_IGN);
  kill(0, SIGTERM);
  printf("made %d\n", made);
  errno = failed;
  return failed == 0 ? 0 : -1;
}

static const struct Attempt kAttempts[] = {
    {"clone", CloneInto, 1},
    {"clone3", Clone3User, 0},
    {"new-time", NewTimeNamespace, 0},
    {"enter-namespace", EnterNamespace, 1},
    {"copy-mounts", CopyMounts, 0},
    {"new-filesystem", NewFilesystem, 0},
    {"reach", Reach, 1},
    {"read-32-bit", Read32, 1},
    {"read-x32", ReadX32, 1},
    {"type-ahead-high", TypeAheadHigh, 0},
    {"console-request", ConsoleRequest, 0},
    {"get-limit", GetLimit, 1},
    {"set-limit", SetLimit, 1},
    {"set-priority", SetPriority, 1},
    {"set-affinity", SetAffinity, 1},
    {"set-scheduler", SetScheduler, 1},
    {"take-descriptor", TakeDescriptor, 1},
    {"read-memory", ReadMemory, 2},
    {"make-shared", MakeShared, 0},
    {"read-shared", ReadShared, 1},
    {"remove-shared", RemoveShared, 1},
    {"make-messages", MakeMessages, 1},
    {"open-messages", OpenMessages, 1},
    {"remove-messages", RemoveMessages, 1},
    {"make-queue", MakeQueue, 1},
    {"open-queue", OpenQueue, 1},
    {"remove-queue", RemoveQueue, 1},
    {"read-key", ReadKey, 0},
    {"socket-of", SocketOf, 3},
    {"send-fast", SendFast, 1},
    {"send-descriptor", SendDescriptor, 1},
    {"connect-pair", ConnectPair, 1},
    {"processes", Processes, 1},
};

int main(int argc, char** argv) {
  if (argc > 1 && strcmp(argv[1], "with-key") == 0) {
    WithKey(argc, argv);
    printf("with-key %s\n", strerrorname_np(errno));
    return 1;
  }
  return RunAttempt(kAttempts, sizeof kAttempts / sizeof *kAttempts, argc, argv);
}
