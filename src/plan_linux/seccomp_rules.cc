#include "plan_linux/seccomp_rules.h"

#include <algorithm>
#include <iterator>
#include <span>
#include <utility>

namespace ambit::plan_linux {
namespace {

// Kernel ABI, spelled out because this layer includes no kernel header. The same on x86-64 and
// arm64.
constexpr std::uint64_t kInt = 0xffffffff;                 // all of a 32-bit parameter
constexpr std::uint64_t kPointer = ~0ULL;                  // all of a 64-bit one
constexpr std::uint64_t kCloneNewNamespace = 0x00020000 |  // mount
                                             0x02000000 |  // cgroup
                                             0x04000000 |  // uts
                                             0x08000000 |  // ipc
                                             0x10000000 |  // user
                                             0x20000000 |  // pid
                                             0x40000000;   // net
constexpr std::uint64_t kTiocSti = 0x5412;
constexpr std::uint64_t kTiocLinux = 0x541c;
constexpr std::uint64_t kTiocCons = 0x541d;
constexpr std::uint64_t kTiocSetd = 0x5423;
constexpr std::uint64_t kOpenCreates = 0x40 | 0x400000;  // O_CREAT and the same
constexpr std::uint64_t kAccessMode = 3;
constexpr std::uint64_t kWriteOnly = 1;
constexpr std::uint64_t kReadWrite = 2;
constexpr std::uint64_t kOpenCreate = 0x40;
constexpr std::uint64_t kOpenTruncate = 0x200;
constexpr std::uint64_t kOpenUnnamed = 0x400000;  // O_TMPFILE less O_DIRECTORY
constexpr std::uint64_t kSetIdBits = 06000;
constexpr std::uint64_t kFileType = 0170000;
constexpr std::uint64_t kRegularFile = 0100000;
constexpr std::uint64_t kFifo = 0010000;
constexpr std::uint64_t kSocketFile = 0140000;
constexpr std::uint64_t kPersonalityQuery = 0xffffffff;
constexpr std::uint64_t kPersonalityNoRandomize = 0x0040000;
constexpr std::uint64_t kSetDumpable = 4;
constexpr std::uint64_t kProtExec = 4;
constexpr std::uint64_t kCloneThread = 0x00010000;
constexpr std::uint64_t kCloneFs = 0x00000200;
constexpr std::uint64_t kAfUnix = 1;
constexpr std::uint64_t kAfInet = 2;
constexpr std::uint64_t kAfInet6 = 10;
constexpr std::uint64_t kAfNetlink = 16;
constexpr std::uint64_t kNetlinkRoute = 0;
constexpr std::uint64_t kSocketType = 0xf;  // the rest are SOCK_CLOEXEC and SOCK_NONBLOCK
constexpr std::uint64_t kSockStream = 1;
constexpr std::uint64_t kSockDgram = 2;
constexpr std::uint64_t kSockSeqpacket = 5;
constexpr std::uint64_t kDefaultProtocol = 0;
constexpr std::uint64_t kTcp = 6;
constexpr std::uint64_t kUdp = 17;
constexpr std::uint64_t kMsgFastopen = 0x20000000;
constexpr std::uint64_t kTcpFastopenConnect = 30;

using enum SeccompAnswer;

// Closed whatever the arguments are. ptrace stays open: the sandbox has process ids of its own, so
// there is nobody else to trace, and debuggers are tools of the trade.
std::vector<SeccompRule> ClosedCalls() {
  return {
      // Namespaces and mounts: with its own, the command could uncover what is masked.
      {{"unshare", "setns"}, kEperm, "new namespaces bring their own mounts and privileges"},
      {{"clone3"}, kEnosys, "its flags are in memory; the C library falls back to clone"},
      {{"mount", "umount2", "pivot_root", "chroot"}, kEperm, "would change what is visible"},
      {{"open_tree", "open_tree_attr", "move_mount", "mount_setattr", "fsopen", "fsconfig",
        "fsmount", "fspick"},
       kEperm,
       "would change what is visible"},
      {{"open_by_handle_at"}, kEperm, "opens by inode, past every path rule"},

      // Ways around the other rules.
      {{"io_uring_setup", "io_uring_enter", "io_uring_register"},
       kEperm,
       "performs opens and connects that no filter sees"},
      {{"openat2"}, kEnosys, "its mode is in memory; callers fall back to openat"},
      {{"add_key", "request_key", "keyctl"}, kEperm, "the host's session keyring is readable"},
      {{"process_vm_writev", "process_madvise", "kcmp"}, kEperm, "reaches into other processes"},

      // Kernel interfaces that no build tool needs and that have a record of kernel bugs.
      {{"bpf", "perf_event_open", "userfaultfd", "fanotify_init", "fanotify_mark", "lookup_dcookie",
        "vmsplice", "modify_ldt"},
       kEperm,
       "kernel attack surface without a use in builds"},
      {{"migrate_pages", "move_pages", "mbind", "set_mempolicy", "set_mempolicy_home_node"},
       kEperm,
       "moves memory of the whole machine around"},

      // The machine itself. All need privileges that are gone already; this is the second lock.
      {{"swapon", "swapoff", "reboot", "kexec_load", "kexec_file_load", "init_module",
        "finit_module", "delete_module", "create_module", "get_kernel_syms", "query_module", "acct",
        "quotactl", "quotactl_fd", "iopl", "ioperm", "vhangup", "nfsservctl"},
       kEperm,
       "administers the machine"},
      {{"clock_settime", "settimeofday", "adjtimex", "clock_adjtime", "sethostname",
        "setdomainname"},
       kEperm,
       "changes the machine's clock or name"},
      {{"syslog"}, kEperm, "the kernel log tells about other users' processes"},
      {{"uselib", "ustat", "sysfs", "_sysctl"}, kEperm, "obsolete"},
  };
}

std::vector<SeccompRule> CheckedCalls() {
  return {
      {{"clone"}, kEperm, "as unshare", {{{0, kCloneNewNamespace, 0}}}},
      {{"ioctl"},
       kAllow,
       "types into the terminal, or takes it over",
       {{{1, kInt, kTiocSti}},
        {{1, kInt, kTiocLinux}},
        {{1, kInt, kTiocCons}},
        {{1, kInt, kTiocSetd}}},
       kEperm},
      {{"personality"},
       kEperm,
       "weakens memory protection; debuggers only switch randomisation off",
       {{{0, kInt, 0}}, {{0, kInt, kPersonalityNoRandomize}}, {{0, kInt, kPersonalityQuery}}}},
  };
}

// Nobody may leave a set-user-id or set-group-id file for the host. mkdir is missing because the
// kernel drops both bits there.
std::vector<SeccompRule> SetIdCalls() {
  return {
      {{"chmod", "fchmod", "creat"}, kEperm, "makes a set-id file", {{{1, kSetIdBits, 0}}}},
      {{"fchmodat", "fchmodat2"}, kEperm, "makes a set-id file", {{{2, kSetIdBits, 0}}}},
      // The mode means something only when a file is created; otherwise it is garbage.
      {{"open"}, kEperm, "makes a set-id file", {{{1, kOpenCreates, 0}}, {{2, kSetIdBits, 0}}}},
      {{"openat"}, kEperm, "makes a set-id file", {{{2, kOpenCreates, 0}}, {{3, kSetIdBits, 0}}}},
      {{"mknod"},
       kEperm,
       "makes a device or a set-id file",
       {{{1, kFileType | kSetIdBits, 0}},
        {{1, kFileType | kSetIdBits, kRegularFile}},
        {{1, kFileType | kSetIdBits, kFifo}},
        {{1, kFileType | kSetIdBits, kSocketFile}}}},
      {{"mknodat"},
       kEperm,
       "makes a device or a set-id file",
       {{{2, kFileType | kSetIdBits, 0}},
        {{2, kFileType | kSetIdBits, kRegularFile}},
        {{2, kFileType | kSetIdBits, kFifo}},
        {{2, kFileType | kSetIdBits, kSocketFile}}}},
  };
}

// What opens for anything but reading has one of these bits.
std::vector<std::vector<ArgIs>> OpensForChange(std::uint8_t flags) {
  return {{{flags, kAccessMode, kWriteOnly}},      {{flags, kAccessMode, kReadWrite}},
          {{flags, kAccessMode, kAccessMode}},     {{flags, kOpenCreate, kOpenCreate}},
          {{flags, kOpenTruncate, kOpenTruncate}}, {{flags, kOpenUnnamed, kOpenUnnamed}}};
}

// What the broker decides and does. It sees to set-id bits itself. The forms on descriptors are
// here because a descriptor for reading is enough for them; the newest forms stay closed, callers
// fall back.
std::vector<SeccompRule> MediatedCalls(Mediated mediated) {
  std::vector<SeccompRule> rules = {
      {{"mkdir", "mkdirat", "mknod", "mknodat", "symlink", "symlinkat", "link", "linkat"},
       kNotify,
       "makes a name"},
      {{"rename", "renameat", "renameat2", "unlink", "unlinkat", "rmdir", "truncate", "creat"},
       kNotify,
       "moves, removes or changes a file"},
      {{"chmod", "fchmod", "fchmodat", "fchmodat2", "chown", "lchown", "fchown", "fchownat",
        "utime", "utimes", "futimesat", "utimensat"},
       kNotify,
       "changes what is known about a file"},
      {{"setxattr", "lsetxattr", "fsetxattr", "removexattr", "lremovexattr", "fremovexattr"},
       kNotify,
       "changes what is known about a file"},
      {{"prctl"},
       kAllow,
       "hides the memory that paths are read from",
       {{{0, kInt, kSetDumpable}, {1, kPointer, 0}}},
       kNotify},
      {{"setxattrat", "removexattrat", "file_setattr"}, kEnosys, "as setxattr; callers fall back"},
  };
  if (mediated != Mediated::kChanges) {
    rules.push_back({{"open", "openat"}, kNotify, "opens a file"});
    rules.push_back({{"execve", "execveat"}, kNotify, "starts a program"});
    rules.push_back({{"getxattr", "lgetxattr", "listxattr", "llistxattr"},
                     kNotify,
                     "tells what a file carries with it"});
    rules.push_back({{"getxattrat", "listxattrat"}, kEnosys, "as getxattr; callers fall back"});
  } else {
    rules.push_back({{"open"}, kAllow, "opens a file to change it", OpensForChange(1), kNotify});
    rules.push_back({{"openat"}, kAllow, "opens a file to change it", OpensForChange(2), kNotify});
  }
  return rules;
}

// Our processes in a process namespace have numbers that are known: the first, and the broker,
// which is made before the command. A group may be one that we and programs outside are in, and all
// processes of a user are ours too. Programs set the priorities of their own processes and threads
// by number.
std::vector<SeccompRule> PriorityCalls(bool broker) {
  constexpr std::uint64_t kFirst = 1;
  constexpr std::uint64_t kBroker = 2;
  const auto ours = [broker](std::uint8_t argument) {
    std::vector<std::vector<ArgIs>> out = {{{argument, kInt, kFirst}}};
    if (broker) out.push_back({{argument, kInt, kBroker}});
    return out;
  };
  const auto also = [](std::vector<std::vector<ArgIs>> out, std::initializer_list<unsigned> kinds) {
    for (const unsigned kind : kinds) out.push_back({{0, kInt, kind}});
    return out;
  };
  constexpr const char* kWhy = "changes ambit's own processes, or a group that it is in";
  return {
      {{"prlimit64"},
       kEperm,
       "could starve ambit's own processes; a process may set its own limits, and read others'",
       {{{0, kInt, 0}}, {{2, kPointer, 0}}}},
      {{"sched_setaffinity", "sched_setscheduler", "sched_setparam", "sched_setattr"},
       kAllow,
       kWhy,
       ours(0),
       kEperm},
      // PRIO_PGRP and PRIO_USER of setpriority(2), IOPRIO_WHO_PGRP and _USER of ioprio_set(2).
      {{"setpriority"}, kAllow, kWhy, also(ours(1), {1, 2}), kEperm},
      {{"ioprio_set"}, kAllow, kWhy, also(ours(1), {2, 3}), kEperm},
  };
}

// What a namespace of their own would have kept to the sandbox's processes. A process may still
// set its own limits and priorities, by number 0.
std::vector<SeccompRule> SharedHostCalls() {
  return {
      {{"ptrace", "process_vm_readv"}, kEperm, "reaches into other processes"},
      {{"prlimit64"}, kEperm, "tells of other processes and changes them", {{{0, kInt, 0}}}},
      {{"shmget", "shmat", "shmctl", "shmdt", "msgget", "msgsnd", "msgrcv", "msgctl", "semget",
        "semop", "semtimedop", "semctl", "mq_open", "mq_unlink"},
       kEperm,
       "memory and queues that all processes of the host share"},
      {{"sched_setaffinity", "sched_setscheduler", "sched_setparam", "sched_setattr"},
       kEperm,
       "changes other processes",
       {{{0, kInt, 0}}}},
      // By the number 0 also one's group and one's user, with all their processes on the host; only
      // PRIO_PROCESS of setpriority(2) and IOPRIO_WHO_PROCESS of ioprio_set(2) is the caller alone.
      {{"setpriority"}, kEperm, "changes other processes", {{{0, kInt, 0}, {1, kInt, 0}}}},
      {{"ioprio_set"}, kEperm, "changes other processes", {{{0, kInt, 1}, {1, kInt, 0}}}},
  };
}

// TCP and UDP by name or by default, and nothing that shares their types (MPTCP, SCTP, DCCP, ping,
// UDP-Lite).
std::vector<std::vector<ArgIs>> InternetSockets(bool datagrams) {
  std::vector<std::vector<ArgIs>> kinds;
  for (const std::uint64_t family : {kAfInet, kAfInet6}) {
    for (const auto& [type, protocol] : {std::pair{kSockStream, kTcp}, {kSockDgram, kUdp}}) {
      if (type == kSockDgram && !datagrams) continue;
      for (const std::uint64_t named : {kDefaultProtocol, protocol}) {
        kinds.push_back({{0, kInt, family}, {1, kSocketType, type}, {2, kInt, named}});
      }
    }
  }
  return kinds;
}

// A datagram reaches any socket of the host by its path, whether its sender is connected or not, so
// there are datagram sockets of files only where the broker sends for them. In a pair they would
// have no other use. Where there are none, sendmsg and sendmmsg, which have their address in
// memory, where no filter can look, are harmless: other sockets ignore it, and where an internet
// datagram goes the namespace decides, which has no way out. Where there are some, the broker sends
// every message, also those of other sockets: while it looks, another thread could put a datagram
// socket in the place of the descriptor. For the same reason a connect of an internet socket waits
// for it: nothing tells it from others.
//
// On the host's network there are no internet datagrams at all, and of TCP only what the broker
// connects: a listener would be one of the host's, and with fast open (tcp(7)) a send or a later
// write makes the connection, past Landlock too.
std::vector<SeccompRule> SocketCalls(NetworkMode mode, UnixSockets sockets) {
  const bool brokered = mode == NetworkMode::kBrokered;
  const bool proxied = mode == NetworkMode::kProxied || brokered;
  const char* const off = brokered  ? "anything but TCP, which the broker connects"
                          : proxied ? "neither TCP nor UDP"
                                    : "the network is off";
  std::vector<std::vector<ArgIs>> kinds = {{{0, kInt, kAfUnix}, {1, kSocketType, kSockStream}},
                                           {{0, kInt, kAfUnix}, {1, kSocketType, kSockSeqpacket}}};
  std::vector<SeccompRule> rules = {
      {{"socketpair"}, kEperm, "a datagram of a pair reaches any socket", kinds}};
  if (sockets == UnixSockets::kDatagrams) {
    kinds.push_back({{0, kInt, kAfUnix}, {1, kSocketType, kSockDgram}});
  }
  if (proxied) {
    for (std::vector<ArgIs>& one : InternetSockets(!brokered)) kinds.push_back(std::move(one));
  }
  rules.push_back({{"socket"}, kEperm, off, std::move(kinds)});
  if (brokered) {
    rules.push_back({{"listen"}, kNotify, "a listener of TCP would be one of the host's"});
    rules.push_back({{"setsockopt"},
                     kAllow,
                     "the first write would connect",
                     {{{1, kInt, kTcp}, {2, kInt, kTcpFastopenConnect}}},
                     kEperm});
  }
  if (brokered || sockets != UnixSockets::kPairs) {
    rules.push_back({{"connect", "bind"}, kNotify, "names a socket file, or a host"});
  } else if (proxied) {
    rules.push_back({{"connect"}, kNotify, "goes to the sandbox's own loopback, or to the proxy"});
  } else {
    rules.push_back({{"connect"}, kEperm, "the network is off, unix sockets of the host included"});
  }
  if (sockets == UnixSockets::kDatagrams) {
    rules.push_back({{"sendto"},
                     kNotify,
                     "as connect; without an address it is plain send",
                     {{{4, kPointer, 0}}}});
    rules.push_back({{"sendmsg", "sendmmsg"}, kNotify, "as sendto"});
  } else if (brokered || !proxied) {
    rules.push_back({{"sendto"},
                     kEperm,
                     "as connect; without an address it is plain send",
                     {{{4, kPointer, 0}}}});
  }
  if (brokered && sockets != UnixSockets::kDatagrams) {
    rules.push_back({{"sendmsg"}, kAllow, "connects", {{{2, kMsgFastopen, kMsgFastopen}}}, kEperm});
    rules.push_back(
        {{"sendmmsg"}, kAllow, "connects", {{{3, kMsgFastopen, kMsgFastopen}}}, kEperm});
  }
  return rules;
}

// Families with a use in ordinary programs; the others are kernel attack surface, or (vsock) reach
// the machine's own host. Routing netlink is how programs list network interfaces.
std::vector<SeccompRule> HostNetworkCalls() {
  return {
      {{"socket"},
       kEperm,
       "neither internet nor unix",
       {{{0, kInt, kAfUnix}},
        {{0, kInt, kAfInet}},
        {{0, kInt, kAfInet6}},
        {{0, kInt, kAfNetlink}, {2, kInt, kNetlinkRoute}}}},
  };
}

// What the report of a sanitizer takes, and the end of a process in such a build, which nobody
// ships.
#if defined(__SANITIZE_ADDRESS__)
constexpr std::string_view kSanitizerCalls[] = {
    "sigaltstack", "gettid",         "mmap",         "munmap",   "mprotect",
    "madvise",     "write",          "futex",        "tgkill",   "sched_yield",
    "getrlimit",   "rt_sigprocmask", "rt_sigaction", "prlimit64"};
#else
constexpr std::span<const std::string_view> kSanitizerCalls;
#endif

std::vector<AllowedCall> WithSanitizerCalls(std::vector<AllowedCall> calls) {
  for (const std::string_view name : kSanitizerCalls) {
    const auto is = [name](const AllowedCall& call) { return call.name == name; };
    if (std::ranges::none_of(calls, is)) calls.push_back({name});
  }
  return calls;
}

void Append(std::vector<SeccompRule>& all, std::vector<SeccompRule> more) {
  all.insert(all.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

}  // namespace

std::vector<AllowedCall> BrokerCalls(BrokerPlace place) {
  std::vector<std::string_view> names = {
      // Questions and answers.
      "ioctl", "process_vm_writev", "process_vm_readv", "pread64", "poll", "ppoll", "recvmsg",
      "sendto", "read",
      // Looking things up.
      "open", "openat", "openat2", "close", "readlink", "readlinkat", "fstat", "newfstatat",
      "fstatfs", "fcntl", "lseek", "getdents64", "pipe2", "tee",
      // Doing what was asked for.
      "mkdirat", "mknodat", "symlinkat", "linkat", "renameat", "renameat2", "unlinkat", "ftruncate",
      "chmod", "fchmodat", "fchownat", "utimensat", "setxattr", "removexattr", "getxattr",
      "listxattr", "umask", "pidfd_open", "pidfd_getfd", "getsockopt", "setsockopt", "getsockname",
      "connect", "bind", "fchdir", "sendmsg",
      // Itself.
      "getpid", "getppid", "geteuid", "getcpu", "sched_getaffinity", "sched_setaffinity", "capset",
      "clock_gettime", "rt_sigreturn", "restart_syscall", "exit", "exit_group",
      // Its threads and their memory.
      "brk", "munmap", "futex", "set_robust_list", "rseq", "rt_sigprocmask"};
  if (place == BrokerPlace::kHostNetwork) {
    names.insert(names.end(), {"socket", "listen", "accept4"});
  }
  std::vector<AllowedCall> calls = {
      {"clone", {{{0, kCloneThread, kCloneThread}}}},
      {"clone3", {}, kEnosys},  // so that the C library makes threads with clone
      {"tgkill", {{{2, kInt, 0}}}},
      {"unshare", {{{0, kPointer, kCloneFs}}}},  // a umask for each thread
      {"mmap", {{{2, kProtExec, 0}}}},
      {"mprotect", {{{2, kProtExec, 0}}}},
  };
  if (place != BrokerPlace::kNamespaces) calls.push_back({"kill", {{{1, kInt, 0}}}});
  for (const std::string_view name : names) calls.push_back({name});
  return WithSanitizerCalls(std::move(calls));
}

std::vector<AllowedCall> ProxyCalls() {
  constexpr std::uint64_t kChanges = kAccessMode | kOpenCreate | kOpenTruncate | kOpenUnnamed;
  std::vector<std::vector<ArgIs>> sockets = InternetSockets(true);
  // Which addresses are the host's own.
  sockets.push_back({{0, kInt, kAfNetlink}, {2, kInt, kNetlinkRoute}});
  std::vector<AllowedCall> calls = {
      {"socket", std::move(sockets)},
      {"socketpair",
       {{{0, kInt, kAfUnix}, {1, kSocketType, kSockStream}},
        {{0, kInt, kAfUnix}, {1, kSocketType, kSockSeqpacket}}}},
      {"open", {{{1, kChanges, 0}}}},
      {"openat", {{{2, kChanges, 0}}}},
      {"mmap", {{{2, kProtExec, 0}}}},
      {"mprotect", {{{2, kProtExec, 0}}}},
      {"prlimit64", {{{0, kInt, 0}}}},
  };
  for (const std::string_view name :
       {// Connections.
        "accept4", "connect", "bind", "listen", "shutdown", "getsockname", "getpeername",
        "getsockopt", "setsockopt", "sendto", "recvfrom", "sendmsg", "recvmsg", "read", "readv",
        "write", "writev", "splice", "pipe2", "fcntl", "close",
        // Waiting for them.
        "epoll_create1", "epoll_ctl", "epoll_wait", "epoll_pwait", "poll", "ppoll", "futex",
        "nanosleep", "clock_nanosleep", "restart_syscall",
        // Certificates, name servers, secrets that were handed over.
        "fstat", "newfstatat", "lseek", "pread64", "getdents64", "readlink", "readlinkat",
        // Memory.
        "brk", "munmap", "mremap", "madvise",
        // Time, chance and itself.
        "clock_gettime", "clock_getres", "gettimeofday", "time", "getrandom", "getpid", "getppid",
        "gettid", "getuid", "geteuid", "getgid", "getegid", "getcpu", "sched_getaffinity",
        "sched_yield", "uname", "sysinfo", "rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "exit",
        "exit_group"}) {
    calls.push_back({name});
  }
  return WithSanitizerCalls(std::move(calls));
}

std::vector<SeccompRule> SeccompRules(NetworkMode mode, Mediated mediated, UnixSockets sockets) {
  std::vector<SeccompRule> rules = ClosedCalls();
  Append(rules, CheckedCalls());
  Append(rules, mediated == Mediated::kNothing ? SetIdCalls() : MediatedCalls(mediated));
  if (mediated == Mediated::kOnSharedHost) {
    Append(rules, SharedHostCalls());
  } else {
    const bool broker = mediated != Mediated::kNothing || sockets != UnixSockets::kPairs;
    Append(rules, PriorityCalls(broker));
  }
  if (mode == NetworkMode::kHost) {
    Append(rules, HostNetworkCalls());
  } else {
    Append(rules, SocketCalls(mode, sockets));
  }
  return rules;
}

}  // namespace ambit::plan_linux
