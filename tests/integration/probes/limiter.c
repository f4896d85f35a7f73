// Makes of this host one that lets its programs do less, and runs a command there. The kernel does
// the limiting, by seccomp filters and, for Landlock's version, by a tracer; what is not named
// stays as it is.
//
//   limiter LIMIT... -- COMMAND [ARG...]
//
//   CALL=ERRNO            the call fails: openat2=ENOSYS
//   namespaces=ERRNO      new ones are refused, by clone and unshare alike; clone3 is not there
//   mounts=ERRNO          whatever mounts, after namespaces were made too
//   container=EPERM       what a container engine leaves out for a container without privileges
//   landlock=ERRNO        there is none, or it was switched off
//   landlock-abi=N        there is an older one: rights and flags it does not know are refused
//   new-listener=EINVAL   before Linux 5.0: no listener for waiting calls
//   hand-over=EINVAL      before Linux 5.9: a listener that cannot hand descriptors over
//   wait-killable=EINVAL  before Linux 5.19
//   wait-pidfd=EINVAL     before Linux 5.4
//   listener              another program above answers waiting calls; here it is never asked
//   silent=CALL           the same, and it is asked about CALL and never answers
//
// Status 125 with a line on standard error when the limits cannot be set.
#define _GNU_SOURCE
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#if defined(__x86_64__)
#define OUR_ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define OUR_ARCHITECTURE AUDIT_ARCH_AARCH64
#endif

// Newer than Debian 12's headers; the numbers are the same everywhere.
enum { kFchmodat2 = 452, kWaitKillable = 1 << 5 };

enum {
  kNamespaceFlags = 0x7e020000,  // CLONE_NEW*: namespaces(7)
  kVersionQuery = 1,             // LANDLOCK_CREATE_RULESET_VERSION
  kProcessDescriptor = 3,        // P_PIDFD
  kAddFdCall = 0x2103,           // SECCOMP_IOCTL_NOTIF_ADDFD without its size and direction
};

static void Fail(const char* what) {
  fprintf(stderr, "limiter: %s: %s\n", what, strerror(errno));
  exit(125);
}

struct Named {
  const char* name;
  int number;
};

#define CALL(name) \
  { #name, SYS_##name }
static const struct Named kCalls[] = {
    CALL(openat2),
    CALL(clone3),
    CALL(close_range),
    CALL(execveat),
    CALL(faccessat2),
    {"fchmodat2", kFchmodat2},
    CALL(fsconfig),
    CALL(fsmount),
    CALL(fsopen),
    CALL(getrandom),
    CALL(landlock_add_rule),
    CALL(landlock_create_ruleset),
    CALL(landlock_restrict_self),
    CALL(memfd_create),
    CALL(mount_setattr),
    CALL(move_mount),
    CALL(open_tree),
    CALL(pidfd_getfd),
    CALL(pidfd_open),
    CALL(pidfd_send_signal),
    CALL(pivot_root),
    CALL(process_vm_readv),
    CALL(process_vm_writev),
    CALL(ptrace),
    CALL(renameat2),
    CALL(rseq),
    CALL(seccomp),
    CALL(statx),
    CALL(unshare),
};
#undef CALL
static const int kMountCalls[] = {SYS_mount,         SYS_umount2, SYS_pivot_root, SYS_open_tree,
                                  SYS_move_mount,    SYS_fsopen,  SYS_fspick,     SYS_fsconfig,
                                  SYS_mount_setattr, SYS_fsmount};
/// What such profiles refuse without CAP_SYS_ADMIN, CAP_SYS_PTRACE, CAP_SYS_NICE and their like, as
/// the engines document it.
static const int kContainerCalls[] = {SYS_add_key,
                                      SYS_bpf,
                                      SYS_chroot,
                                      SYS_fanotify_init,
                                      SYS_fsconfig,
                                      SYS_fsmount,
                                      SYS_fsopen,
                                      SYS_fspick,
                                      SYS_get_mempolicy,
                                      SYS_kcmp,
                                      SYS_keyctl,
                                      SYS_lookup_dcookie,
                                      SYS_mbind,
                                      SYS_mount,
                                      SYS_mount_setattr,
                                      SYS_move_mount,
                                      SYS_move_pages,
                                      SYS_open_by_handle_at,
                                      SYS_open_tree,
                                      SYS_perf_event_open,
                                      SYS_pidfd_getfd,
                                      SYS_pivot_root,
                                      SYS_process_madvise,
                                      SYS_quotactl,
                                      SYS_request_key,
                                      SYS_set_mempolicy,
                                      SYS_setdomainname,
                                      SYS_sethostname,
                                      SYS_setns,
                                      SYS_syslog,
                                      SYS_umount2,
                                      SYS_unshare,
                                      SYS_userfaultfd,
                                      SYS_vhangup,
                                      SYS_io_uring_setup,
                                      SYS_io_uring_enter,
                                      SYS_io_uring_register,
                                      kFchmodat2};
static const struct Named kErrors[] = {{"ENOSYS", ENOSYS}, {"EPERM", EPERM},
                                       {"EACCES", EACCES}, {"EINVAL", EINVAL},
                                       {"ENOSPC", ENOSPC}, {"EOPNOTSUPP", EOPNOTSUPP}};

static int NumberOf(const struct Named* names, size_t count, const char* name) {
  for (size_t i = 0; i < count; ++i) {
    if (strcmp(names[i].name, name) == 0) return names[i].number;
  }
  fprintf(stderr, "limiter: '%s' is not known\n", name);
  exit(125);
}
static int CallNamed(const char* name) {
  return NumberOf(kCalls, sizeof kCalls / sizeof *kCalls, name);
}

// The filter, as it grows. Each rule begins with the number of the call and falls through to the
// next when it is about another one.
static struct sock_filter filter[1024];
static unsigned short length;
static int needs_listener, oldest_abi = -1;

static void Add(uint16_t code, uint32_t value, uint8_t if_true, uint8_t if_false) {
  if (length == sizeof filter / sizeof *filter) abort();
  filter[length++] = (struct sock_filter){code, if_true, if_false, value};
}
static void Load(size_t offset) { Add(BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset, 0, 0); }
static void LoadArgument(int index) {
  Load(offsetof(struct seccomp_data, args) + 8 * (size_t)index);  // the low half: little endian
}
static void Answer(uint32_t answer) { Add(BPF_RET | BPF_K, answer, 0, 0); }
static uint32_t Error(int error) { return SECCOMP_RET_ERRNO | (uint32_t)error; }

static void Rule(int call, uint32_t answer) {
  Load(offsetof(struct seccomp_data, nr));
  Add(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)call, 0, 1);
  Answer(answer);
}
/// Only where the argument has one of `bits`.
static void RuleForBits(int call, int argument, uint32_t bits, uint32_t answer) {
  Load(offsetof(struct seccomp_data, nr));
  Add(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)call, 0, 3);
  LoadArgument(argument);
  Add(BPF_JMP | BPF_JSET | BPF_K, bits, 0, 1);
  Answer(answer);
}
/// Only where the argument under `mask` is `value`.
static void RuleForValue(int call, int argument, uint32_t mask, uint32_t value, uint32_t answer) {
  Load(offsetof(struct seccomp_data, nr));
  Add(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)call, 0, 4);
  LoadArgument(argument);
  Add(BPF_ALU | BPF_AND | BPF_K, mask, 0, 0);
  Add(BPF_JMP | BPF_JEQ | BPF_K, value, 0, 1);
  Answer(answer);
}
static void Rules(const int* calls, size_t count, uint32_t answer) {
  for (size_t i = 0; i < count; ++i) Rule(calls[i], answer);
}

static void NoNamespaces(uint32_t answer) {
  Rule(SYS_unshare, answer);
  RuleForBits(SYS_clone, 0, kNamespaceFlags, answer);
  Rule(SYS_clone3, Error(ENOSYS));
}
static void NoLandlock(uint32_t answer) {
  const int calls[] = {SYS_landlock_create_ruleset, SYS_landlock_add_rule,
                       SYS_landlock_restrict_self};
  Rules(calls, 3, answer);
}

static void Limit(char* word) {
  char* value = strchr(word, '=');
  if (value != NULL) *value++ = '\0';
  if (strcmp(word, "listener") == 0) {
    needs_listener = 1;
    return;
  }
  if (value == NULL) {
    fprintf(stderr, "limiter: '%s' needs a value\n", word);
    exit(125);
  }
  if (strcmp(word, "silent") == 0) {
    needs_listener = 1;
    return Rule(CallNamed(value), SECCOMP_RET_USER_NOTIF);
  }
  if (strcmp(word, "landlock-abi") == 0) {
    oldest_abi = atoi(value);
    Rule(SYS_landlock_create_ruleset, SECCOMP_RET_TRACE);
    return Rule(SYS_landlock_restrict_self, SECCOMP_RET_TRACE);
  }
  const uint32_t answer = Error(NumberOf(kErrors, sizeof kErrors / sizeof *kErrors, value));
  if (strcmp(word, "namespaces") == 0) return NoNamespaces(answer);
  if (strcmp(word, "mounts") == 0) {
    return Rules(kMountCalls, sizeof kMountCalls / sizeof *kMountCalls, answer);
  }
  if (strcmp(word, "container") == 0) {
    NoNamespaces(answer);
    return Rules(kContainerCalls, sizeof kContainerCalls / sizeof *kContainerCalls, answer);
  }
  if (strcmp(word, "landlock") == 0) return NoLandlock(answer);
  if (strcmp(word, "new-listener") == 0) {
    return RuleForBits(SYS_seccomp, 1, SECCOMP_FILTER_FLAG_NEW_LISTENER, answer);
  }
  if (strcmp(word, "wait-killable") == 0) return RuleForBits(SYS_seccomp, 1, kWaitKillable, answer);
  if (strcmp(word, "hand-over") == 0) {
    return RuleForValue(SYS_ioctl, 1, 0xffff, kAddFdCall, answer);
  }
  if (strcmp(word, "wait-pidfd") == 0) {
    return RuleForValue(SYS_waitid, 0, ~0U, kProcessDescriptor, answer);
  }
  Rule(CallNamed(word), answer);
}

static int Install(unsigned flags) {
  const struct sock_fprog program = {length, filter};
  return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
}

// An older Landlock, by a tracer that answers in the kernel's place.

static int exit_status = 125;

/// The bits that each ABI knows, in the fields of struct landlock_ruleset_attr (landlock(7)).
static void KnownBits(uint64_t known[3]) {
  known[0] = oldest_abi >= 5   ? 0xffff
             : oldest_abi >= 3 ? 0x7fff
             : oldest_abi >= 2 ? 0x3fff
                               : 0x1fff;
  known[1] = oldest_abi >= 4 ? 3 : 0;
  known[2] = oldest_abi >= 6 ? 3 : 0;
}
static int SizeOfAttributes(void) { return oldest_abi >= 6 ? 24 : oldest_abi >= 4 ? 16 : 8; }

enum { kTheSame = -10000 };
/// What the older kernel would say to a call.
static long OlderAnswer(int process, uint64_t number, const uint64_t* arguments) {
  if (number == SYS_landlock_restrict_self) {
    return oldest_abi < 7 && (uint32_t)arguments[1] != 0 ? -EINVAL : kTheSame;
  }
  if ((uint32_t)arguments[2] == kVersionQuery) return oldest_abi;
  if ((uint32_t)arguments[2] != 0) return -EINVAL;
  uint64_t known[3];
  KnownBits(known);
  for (unsigned i = 0; i < 3 && 8 * i + 8 <= arguments[1]; ++i) {
    errno = 0;
    const long word = ptrace(PTRACE_PEEKDATA, process, arguments[0] + 8 * i, NULL);
    if (errno != 0) return kTheSame;  // who is not dumpable shows his memory to root alone
    if ((int)(8 * i) >= SizeOfAttributes() && word != 0) return -E2BIG;
    if (((uint64_t)word & ~known[i]) != 0) return -EINVAL;
  }
  return kTheSame;
}

static void AnswerTraced(int process) {
#if defined(__x86_64__)
  struct user_regs_struct registers;
  if (ptrace(PTRACE_GETREGS, process, NULL, &registers) != 0) return;
  const uint64_t arguments[3] = {registers.rdi, registers.rsi, registers.rdx};
  const long answer = OlderAnswer(process, registers.orig_rax, arguments);
  if (answer == kTheSame) return;
  registers.orig_rax = (unsigned long long)-1;  // the call is left out
  registers.rax = (unsigned long long)answer;
  ptrace(PTRACE_SETREGS, process, NULL, &registers);
#else
  (void)process;
#endif
}

static void Trace(int first) {
  for (;;) {
    int status = 0;
    const int process = waitpid(-1, &status, __WALL);
    if (process < 0) {
      if (errno == EINTR) continue;
      return;
    }
    if (WIFEXITED(status) || WIFSIGNALED(status)) {
      if (process != first) continue;
      exit_status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
      return;
    }
    const int event = status >> 16, signal = WSTOPSIG(status);
    if (event == PTRACE_EVENT_SECCOMP) AnswerTraced(process);
    if (event == PTRACE_EVENT_STOP && signal != SIGTRAP) {
      ptrace(PTRACE_LISTEN, process, NULL, NULL);
    } else {
      ptrace(PTRACE_CONT, process, NULL, event == 0 ? (long)signal : 0L);
    }
  }
}

/// What is sent to us is for the command.
static int passed_to;
static void Pass(int signal) { kill(passed_to, signal); }

static void WaitFor(int first) {
  int status = 0;
  while (waitpid(first, &status, 0) < 0 && errno == EINTR) {
  }
  exit_status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int main(int argc, char** argv) {
  int at = 1;
  Load(offsetof(struct seccomp_data, arch));
  Add(BPF_JMP | BPF_JEQ | BPF_K, OUR_ARCHITECTURE, 1, 0);
  Answer(SECCOMP_RET_ALLOW);
  for (; at < argc && strcmp(argv[at], "--") != 0; ++at) Limit(argv[at]);
  Answer(SECCOMP_RET_ALLOW);
  if (at + 1 >= argc) return 125;
  argv += at + 1;
#if !defined(__x86_64__)
  if (oldest_abi >= 0) {
    fprintf(stderr, "limiter: this is for x86-64\n");
    return 125;
  }
#endif
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) Fail("no new privileges");
  if (!needs_listener && oldest_abi < 0) {
    if (Install(0) < 0) Fail("filter");
    execvp(*argv, argv);
    Fail(*argv);
  }
  // Somebody has to stay behind: to hold the listener, or to trace.
  int go[2];
  if (pipe(go) != 0) Fail("pipe");
  const int held = needs_listener ? Install(SECCOMP_FILTER_FLAG_NEW_LISTENER) : -1;
  if (needs_listener && held < 0) Fail("listener");
  const int child = fork();
  if (child < 0) Fail("fork");
  if (child == 0) {
    char byte;
    close(go[1]);
    if (held >= 0) close(held);
    if (read(go[0], &byte, 1) != 1) _exit(125);
    close(go[0]);
    if (held < 0 && Install(0) < 0) Fail("filter");
    execvp(*argv, argv);
    Fail(*argv);
  }
  passed_to = child;
  const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
  for (int i = 0; i < 4; ++i) signal(signals[i], Pass);
  if (oldest_abi >= 0) {
    const long events =
        PTRACE_O_TRACESECCOMP | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE;
    if (ptrace(PTRACE_SEIZE, child, NULL, events) != 0) Fail("trace");
  }
  if (write(go[1], "", 1) != 1) Fail("start");
  close(go[0]);
  close(go[1]);
  if (oldest_abi >= 0) {
    Trace(child);
  } else {
    WaitFor(child);
  }
  return exit_status;
}
