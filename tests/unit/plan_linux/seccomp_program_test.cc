#include "plan_linux/seccomp_program.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "base/kernel_abi.h"
#include "plan_linux/bpf_evaluator.h"

namespace ambit::plan_linux {
namespace {

using Args = std::array<std::uint64_t, 6>;

constexpr std::uint32_t kEperm = kSeccompErrno | EPERM;
constexpr std::uint32_t kNotified = SECCOMP_RET_USER_NOTIF;
constexpr std::uint32_t kEnosys = kSeccompErrno | ENOSYS;

struct Mode {
  NetworkMode network = NetworkMode::kNone;
  Mediated mediated = Mediated::kNothing;
  UnixSockets sockets = UnixSockets::kPairs;
};

std::vector<Mode> AllModes() {
  std::vector<Mode> all;
  for (const NetworkMode network :
       {NetworkMode::kNone, NetworkMode::kProxied, NetworkMode::kBrokered, NetworkMode::kHost}) {
    for (const Mediated mediated :
         {Mediated::kNothing, Mediated::kChanges, Mediated::kOpens, Mediated::kOnSharedHost}) {
      for (const UnixSockets sockets :
           {UnixSockets::kPairs, UnixSockets::kStreams, UnixSockets::kDatagrams}) {
        all.push_back({network, mediated, sockets});
      }
    }
  }
  return all;
}
const std::vector<Mode> kModes = AllModes();

std::uint32_t Native() { return seccomp_arch_native(); }

std::uint32_t Ask(const Mode& mode, std::uint32_t nr, const Args& args,
                  std::uint32_t arch = Native()) {
  const auto got = EvaluateBpf(SeccompProgram(mode.network, mode.mediated, mode.sockets),
                               {.nr = nr, .arch = arch, .instruction_pointer = 0, .args = args});
  EXPECT_TRUE(got) << got.error().message;
  return got.value_or(0);
}

// --- The slow, obvious reading of the table -----------------------------------------------------

int NumberOf(std::string_view name) {
  const int number = seccomp_syscall_resolve_name(std::string(name).c_str());
  if (number != __NR_SCMP_ERROR) return number;
  for (const auto& call : kernel_abi::kNewSyscalls) {
    if (name == call.name) return call.number;
  }
  ADD_FAILURE() << name;
  return -1;
}

std::uint32_t Value(SeccompAnswer answer) {
  if (answer == SeccompAnswer::kAllow) return kSeccompAllow;
  if (answer == SeccompAnswer::kNotify) return kNotified;
  return answer == SeccompAnswer::kEperm ? kEperm : kEnosys;
}

using RulesByNumber = std::map<std::uint32_t, SeccompRule>;

RulesByNumber ByNumber(const Mode& mode) {
  RulesByNumber rules;
  for (const SeccompRule& rule : SeccompRules(mode.network, mode.mediated, mode.sockets)) {
    for (const std::string_view name : rule.syscalls) {
      if (const int nr = NumberOf(name); nr >= 0) rules.emplace(nr, rule);
    }
  }
  return rules;
}

std::uint32_t Expected(const RulesByNumber& rules, std::uint32_t nr, const Args& args) {
  const auto found = rules.find(nr);
  if (found == rules.end()) return kSeccompAllow;
  const SeccompRule& rule = found->second;
  for (const auto& exception : rule.exceptions) {
    bool holds = true;
    for (const ArgIs& is : exception) holds = holds && (args[is.arg] & is.mask) == is.value;
    if (holds) return Value(rule.otherwise);
  }
  return Value(rule.answer);
}

// Values at which a rule may change its mind about argument `arg`: those that it lists, each with
// one bit turned, and the extremes.
std::vector<std::uint64_t> Interesting(const SeccompRule& rule, std::size_t arg) {
  std::vector<std::uint64_t> values = {0, 1, 0xffffffff};
  for (const auto& exception : rule.exceptions) {
    for (const ArgIs& is : exception) {
      if (is.arg != arg) continue;
      values.push_back(is.value);
      for (int bit = 0; bit < 32; ++bit) values.push_back(is.value ^ (1U << bit));
    }
  }
  std::ranges::sort(values);
  const auto repeated = std::ranges::unique(values);
  values.erase(repeated.begin(), repeated.end());
  return values;
}

// The values that a rule lists for `arg`, and some that it does not.
std::set<std::uint64_t> Listed(const SeccompRule& rule, std::size_t arg) {
  std::set<std::uint64_t> values = {0, 1, 33, 132, 136, 262, 0xffffffff};
  for (const auto& exception : rule.exceptions) {
    for (const ArgIs& is : exception) {
      if (is.arg == arg) values.insert(is.value);
    }
  }
  return values;
}

std::vector<std::size_t> CheckedArgs(const SeccompRule& rule) {
  std::set<std::size_t> args;
  for (const auto& exception : rule.exceptions) {
    for (const ArgIs& is : exception) args.insert(is.arg);
  }
  return {args.begin(), args.end()};
}

constexpr std::uint64_t kHighHalves[] = {0, 1, 0x80000000, 0xffffffff};

// --- The program against that reading -----------------------------------------------------------

TEST(SeccompProgram, SaysWhatTheTableSaysForEveryNumber) {
  std::mt19937_64 random(1);
  for (const Mode& mode : kModes) {
    const RulesByNumber rules = ByNumber(mode);
    for (std::uint32_t nr = 0; nr <= 600; ++nr) {
      for (int round = 0; round < 40; ++round) {
        Args args{};
        for (auto& arg : args) {
          if (round > 0) arg = random() >> (random() % 64);
        }
        ASSERT_EQ(Ask(mode, nr, args), Expected(rules, nr, args)) << nr << " round " << round;
      }
    }
  }
}

TEST(SeccompProgram, SaysWhatTheTableSaysAroundEveryCheckedValue) {
  std::size_t compared = 0;
  for (const Mode& mode : kModes) {
    const RulesByNumber rules = ByNumber(mode);
    for (const auto& [nr, rule] : rules) {
      const auto checked = CheckedArgs(rule);
      if (checked.empty()) continue;
      ASSERT_LE(checked.size(), 3U);  // of a third one only the listed values are tried
      const std::size_t first = checked.front();
      const std::size_t second = checked.size() > 2 ? checked[1] : checked.back();
      std::set<std::uint64_t> thirds = {0};
      if (checked.size() > 2) thirds = Listed(rule, checked[2]);
      for (const std::uint64_t c : thirds) {
        for (const std::uint64_t a : Interesting(rule, first)) {
          for (const std::uint64_t b : Interesting(rule, second)) {
            for (const std::uint64_t high : kHighHalves) {
              for (const std::uint64_t rest : {std::uint64_t{0}, ~std::uint64_t{0}}) {
                if (checked.size() > 2 && rest != 0) continue;  // there are enough of them
                Args args;
                args.fill(rest);
                if (checked.size() > 2) args[checked[2]] = c | high << 32;
                args[second] = b | high << 32;
                args[first] = a | high << 32;
                ASSERT_EQ(Ask(mode, nr, args), Expected(rules, nr, args))
                    << rule.syscalls.front() << ' ' << std::hex << args[first] << ' '
                    << args[second];
                ++compared;
              }
            }
          }
        }
      }
    }
  }
  EXPECT_GT(compared, 100'000U);
}

TEST(SeccompProgram, GarbageInTheHighHalfOfAnIntChangesNothing) {
  for (const Mode& mode : kModes) {
    for (const auto& [nr, rule] : ByNumber(mode)) {
      for (const std::size_t arg : CheckedArgs(rule)) {
        if (nr == SYS_sendto) continue;  // a pointer, the only argument that has 64 bits
        for (const std::uint64_t value : Interesting(rule, arg)) {
          Args args{};
          args[arg] = value;
          const std::uint32_t plain = Ask(mode, nr, args);
          args[arg] |= 0xdeadbeef'00000000;
          EXPECT_EQ(Ask(mode, nr, args), plain) << rule.syscalls.front() << ' ' << value;
        }
      }
    }
  }
}

TEST(SeccompProgram, ForeignArchitecturesEndTheProcess) {
  // i386, x86-64, arm, arm64, riscv64, none
  const std::uint32_t arches[] = {0x40000003, 0xc000003e, 0x40000028, 0xc00000b7, 0xc00000f3, 0};
  for (const Mode& mode : kModes) {
    for (const std::uint32_t arch : arches) {
      if (arch == Native()) continue;
      for (const std::uint32_t nr : {0U, 1U, 39U, 102U, 600U, 0x40000000U, 0xffffffffU}) {
        EXPECT_EQ(Ask(mode, nr, {}, arch), kSeccompKillProcess) << arch << ' ' << nr;
      }
    }
  }
}

#if defined(__x86_64__)
TEST(SeccompProgram, X32NumbersDoNotExist) {
  for (const Mode& mode : kModes) {
    for (std::uint32_t nr = 0; nr <= 600; ++nr) {
      EXPECT_EQ(Ask(mode, 0x40000000 + nr, {}), kEnosys) << nr;
      EXPECT_EQ(Ask(mode, 0x80000000 + nr, {}), kEnosys) << nr;
    }
    EXPECT_EQ(Ask(mode, 0xfffffffe, {}), kEnosys);
    EXPECT_EQ(Ask(mode, 0xffffffff, {}), kSeccompAllow) << "a debugger skips a call with -1";
  }
}
#endif

TEST(SeccompRules, NameEverySyscallOnceAndSayWhy) {
  for (const Mode& mode : kModes) {
    std::set<std::string_view> seen;
    for (const SeccompRule& rule : SeccompRules(mode.network, mode.mediated, mode.sockets)) {
      EXPECT_STRNE(rule.why, "");
      for (const std::string_view name : rule.syscalls)
        EXPECT_TRUE(seen.insert(name).second) << name;
    }
  }
}

// --- The table against people: what must and must not be possible, by the headers' own numbers ---

struct Case {
  const char* name;
  Mode mode;
  long nr;
  Args args;
  std::uint32_t want;
};
class AnswerTest : public testing::TestWithParam<Case> {};

TEST_P(AnswerTest, IsAsExpected) {
  const Case& c = GetParam();
  EXPECT_EQ(Ask(c.mode, static_cast<std::uint32_t>(c.nr), c.args), c.want);
}

constexpr Mode kOff{NetworkMode::kNone, Mediated::kNothing};
constexpr Mode kOn{NetworkMode::kHost, Mediated::kNothing};
constexpr Mode kChanges{NetworkMode::kNone, Mediated::kChanges};
constexpr Mode kOpens{NetworkMode::kNone, Mediated::kOpens};
constexpr Mode kStreams{NetworkMode::kNone, Mediated::kOpens, UnixSockets::kStreams};
constexpr Mode kDatagrams{NetworkMode::kNone, Mediated::kNothing, UnixSockets::kDatagrams};
constexpr Mode kProxied{NetworkMode::kProxied, Mediated::kNothing};
constexpr Mode kBrokered{NetworkMode::kBrokered, Mediated::kOnSharedHost, UnixSockets::kStreams};
constexpr Mode kBrokeredMessages{NetworkMode::kBrokered, Mediated::kOnSharedHost,
                                 UnixSockets::kDatagrams};
constexpr auto kAllowed = kSeccompAllow;

const Case kCases[] = {
    {"ProxiedTcp", kProxied, SYS_socket, {AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 6}, kAllowed},
    {"ProxiedTcp6", kProxied, SYS_socket, {AF_INET6, SOCK_STREAM, 0}, kAllowed},
    {"ProxiedUdp", kProxied, SYS_socket, {AF_INET, SOCK_DGRAM, 17}, kAllowed},
    {"ProxiedMptcp", kProxied, SYS_socket, {AF_INET, SOCK_STREAM, 262}, kEperm},
    {"ProxiedSctp", kProxied, SYS_socket, {AF_INET, SOCK_STREAM, 132}, kEperm},
    {"ProxiedUdpLite", kProxied, SYS_socket, {AF_INET, SOCK_DGRAM, 136}, kEperm},
    {"ProxiedPing", kProxied, SYS_socket, {AF_INET, SOCK_DGRAM, 1}, kEperm},
    {"ProxiedRaw", kProxied, SYS_socket, {AF_INET, SOCK_RAW, 1}, kEperm},
    {"ProxiedNetlink", kProxied, SYS_socket, {AF_NETLINK, SOCK_RAW, 0}, kEperm},
    {"ProxiedVsock", kProxied, SYS_socket, {AF_VSOCK, SOCK_STREAM, 0}, kEperm},
    {"ProxiedUnixDatagram", kProxied, SYS_socket, {AF_UNIX, SOCK_DGRAM, 0}, kEperm},
    {"ProxiedPairOfDatagrams", kProxied, SYS_socketpair, {AF_UNIX, SOCK_DGRAM, 0}, kEperm},
    {"ProxiedConnect", kProxied, SYS_connect, {3, 4096, 16}, kNotified},
    {"BrokeredTcp", kBrokered, SYS_socket, {AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 6}, kAllowed},
    {"BrokeredTcp6", kBrokered, SYS_socket, {AF_INET6, SOCK_STREAM, 0}, kAllowed},
    {"BrokeredUdp", kBrokered, SYS_socket, {AF_INET, SOCK_DGRAM, 17}, kEperm},
    {"BrokeredUdp6", kBrokered, SYS_socket, {AF_INET6, SOCK_DGRAM, 0}, kEperm},
    {"BrokeredMptcp", kBrokered, SYS_socket, {AF_INET, SOCK_STREAM, 262}, kEperm},
    {"BrokeredRaw", kBrokered, SYS_socket, {AF_INET, SOCK_RAW, 1}, kEperm},
    {"BrokeredNetlink", kBrokered, SYS_socket, {AF_NETLINK, SOCK_RAW, 0}, kEperm},
    {"BrokeredConnect", kBrokered, SYS_connect, {3, 4096, 16}, kNotified},
    {"BrokeredBind", kBrokered, SYS_bind, {3, 4096, 16}, kNotified},
    {"BrokeredListen", kBrokered, SYS_listen, {3, 5}, kNotified},
    {"BrokeredSend", kBrokered, SYS_sendto, {3, 4096, 1, 0, 0, 0}, kAllowed},
    {"BrokeredSendTo", kBrokered, SYS_sendto, {3, 4096, 1, 0, 4096, 16}, kEperm},
    {"BrokeredMessage", kBrokered, SYS_sendmsg, {3, 4096, MSG_NOSIGNAL}, kAllowed},
    {"BrokeredFastMessage", kBrokered, SYS_sendmsg, {3, 4096, MSG_FASTOPEN}, kEperm},
    {"BrokeredFastMessageHighBits",
     kBrokered,
     SYS_sendmsg,
     {3, 4096, (1ULL << 40) | MSG_FASTOPEN | MSG_NOSIGNAL},
     kEperm},
    {"BrokeredFastMessages", kBrokered, SYS_sendmmsg, {3, 4096, 1, MSG_FASTOPEN}, kEperm},
    {"BrokeredMessages", kBrokered, SYS_sendmmsg, {3, 4096, 1, 0}, kAllowed},
    {"BrokeredFastMessageIsAsked",
     kBrokeredMessages,
     SYS_sendmsg,
     {3, 4096, MSG_FASTOPEN},
     kNotified},
    {"BrokeredNoDelay", kBrokered, SYS_setsockopt, {3, 6, 1, 4096, 4}, kAllowed},
    {"BrokeredFastOption", kBrokered, SYS_setsockopt, {3, 6, 30, 4096, 4}, kEperm},
    {"BrokeredFastOptionOfMessages",
     kBrokeredMessages,
     SYS_setsockopt,
     {3, (1ULL << 32) | 6, (1ULL << 32) | 30, 4096, 4},
     kEperm},
    {"BrokeredOtherLevel", kBrokered, SYS_setsockopt, {3, 1, 30, 4096, 4}, kAllowed},
    {"UnixStream", kOff, SYS_socket, {AF_UNIX, SOCK_STREAM}, kAllowed},
    {"UnixStreamCloexec", kOff, SYS_socket, {AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC}, kAllowed},
    {"UnixSeqpacketBothFlags",
     kOff,
     SYS_socket,
     {AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC},
     kAllowed},
    {"UnixDatagram", kOff, SYS_socket, {AF_UNIX, SOCK_DGRAM}, kEperm},
    {"UnixDatagramCloexec", kOff, SYS_socket, {AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC}, kEperm},
    {"UnixRawIsDatagram", kOff, SYS_socket, {AF_UNIX, SOCK_RAW}, kEperm},
    {"Inet", kOff, SYS_socket, {AF_INET, SOCK_STREAM}, kEperm},
    {"InetHighGarbage", kOff, SYS_socket, {AF_INET | 1UL << 32, SOCK_STREAM}, kEperm},
    {"UnixHighGarbage", kOff, SYS_socket, {AF_UNIX | 1UL << 32, SOCK_STREAM}, kAllowed},
    {"Inet6", kOff, SYS_socket, {AF_INET6, SOCK_DGRAM}, kEperm},
    {"Netlink", kOff, SYS_socket, {AF_NETLINK, SOCK_RAW}, kEperm},
    {"Vsock", kOff, SYS_socket, {AF_VSOCK, SOCK_STREAM}, kEperm},
    {"Alg", kOff, SYS_socket, {AF_ALG, SOCK_SEQPACKET}, kEperm},
    {"PairStream", kOff, SYS_socketpair, {AF_UNIX, SOCK_STREAM}, kAllowed},
    {"PairDatagram", kOff, SYS_socketpair, {AF_UNIX, SOCK_DGRAM}, kEperm},
    {"Connect", kOff, SYS_connect, {}, kEperm},
    {"Bind", kOff, SYS_bind, {}, kAllowed},
    {"Listen", kOff, SYS_listen, {}, kAllowed},
    {"SendtoPlain", kOff, SYS_sendto, {3, 1, 1, 0, 0, 0}, kAllowed},
    {"SendtoAddress", kOff, SYS_sendto, {3, 1, 1, 0, 0x7f00, 16}, kEperm},
    {"SendtoHighAddress", kOff, SYS_sendto, {3, 1, 1, 0, 1UL << 32, 16}, kEperm},
    {"Sendmsg", kOff, SYS_sendmsg, {}, kAllowed},

    {"StreamsConnect", kStreams, SYS_connect, {}, kNotified},
    {"StreamsBind", kStreams, SYS_bind, {}, kNotified},
    {"StreamsDatagram", kStreams, SYS_socket, {AF_UNIX, SOCK_DGRAM}, kEperm},
    {"StreamsInet", kStreams, SYS_socket, {AF_INET, SOCK_STREAM}, kEperm},
    {"StreamsSendtoPlain", kStreams, SYS_sendto, {3, 1, 1, 0, 0, 0}, kAllowed},
    {"StreamsSendtoAddress", kStreams, SYS_sendto, {3, 1, 1, 0, 0x7f00, 16}, kEperm},
    {"StreamsSendmsg", kStreams, SYS_sendmsg, {}, kAllowed},
    {"DatagramsDatagram", kDatagrams, SYS_socket, {AF_UNIX, SOCK_DGRAM}, kAllowed},
    {"DatagramsRaw", kDatagrams, SYS_socket, {AF_UNIX, SOCK_RAW}, kEperm},
    {"DatagramsPair", kDatagrams, SYS_socketpair, {AF_UNIX, SOCK_DGRAM}, kEperm},
    {"DatagramsStreamPair", kDatagrams, SYS_socketpair, {AF_UNIX, SOCK_STREAM}, kAllowed},
    {"DatagramsConnect", kDatagrams, SYS_connect, {}, kNotified},
    {"DatagramsBind", kDatagrams, SYS_bind, {}, kNotified},
    {"DatagramsSendtoPlain", kDatagrams, SYS_sendto, {3, 1, 1, 0, 0, 0}, kAllowed},
    {"DatagramsSendtoAddress", kDatagrams, SYS_sendto, {3, 1, 1, 0, 1UL << 40, 16}, kNotified},
    {"DatagramsSendmsg", kDatagrams, SYS_sendmsg, {}, kNotified},
    {"DatagramsSendmmsg", kDatagrams, SYS_sendmmsg, {}, kNotified},

    {"HostInet", kOn, SYS_socket, {AF_INET, SOCK_STREAM}, kAllowed},
    {"HostInet6Datagram", kOn, SYS_socket, {AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC}, kAllowed},
    {"HostUnixDatagram", kOn, SYS_socket, {AF_UNIX, SOCK_DGRAM}, kAllowed},
    {"HostRouteNetlink", kOn, SYS_socket, {AF_NETLINK, SOCK_RAW, 0}, kAllowed},
    {"HostOtherNetlink", kOn, SYS_socket, {AF_NETLINK, SOCK_RAW, 15}, kEperm},
    {"HostInetProtocol", kOn, SYS_socket, {AF_INET, SOCK_STREAM, 6}, kAllowed},
    {"HostVsock", kOn, SYS_socket, {AF_VSOCK, SOCK_STREAM}, kEperm},
    {"HostAlg", kOn, SYS_socket, {AF_ALG, SOCK_SEQPACKET}, kEperm},
    {"HostPacket", kOn, SYS_socket, {AF_PACKET, SOCK_RAW}, kEperm},
    {"HostConnect", kOn, SYS_connect, {}, kAllowed},
    {"HostSendtoAddress", kOn, SYS_sendto, {3, 1, 1, 0, 0x7f00, 16}, kAllowed},
    {"HostUnshare", kOn, SYS_unshare, {}, kEperm},

    {"Fork", kOff, SYS_clone, {SIGCHLD}, kAllowed},
    {"Thread", kOff, SYS_clone, {0x3d0f00}, kAllowed},
    {"CloneUser", kOff, SYS_clone, {CLONE_NEWUSER | SIGCHLD}, kEperm},
    {"CloneMount", kOff, SYS_clone, {CLONE_NEWNS | SIGCHLD}, kEperm},
    {"CloneNet", kOff, SYS_clone, {CLONE_NEWNET}, kEperm},
    {"CloneCgroup", kOff, SYS_clone, {CLONE_NEWCGROUP}, kEperm},
    {"CloneUserHighGarbage", kOff, SYS_clone, {CLONE_NEWUSER | 1UL << 63}, kEperm},
    {"Clone3", kOff, SYS_clone3, {}, kEnosys},
    {"Setns", kOff, SYS_setns, {}, kEperm},
    {"Mount", kOff, SYS_mount, {}, kEperm},
    {"MountSetattr", kOff, SYS_mount_setattr, {}, kEperm},
    {"OpenTreeAttr", kOff, 467, {}, kEperm},
    {"NameToHandle", kOff, SYS_name_to_handle_at, {}, kAllowed},
    {"OpenByHandle", kOff, SYS_open_by_handle_at, {}, kEperm},
    {"Keyctl", kOff, SYS_keyctl, {}, kEperm},
    {"IoUring", kOff, SYS_io_uring_setup, {}, kEperm},
    {"Ptrace", kOff, SYS_ptrace, {}, kAllowed},
    {"ReadMemoryOfOwn", kOff, SYS_process_vm_readv, {}, kAllowed},
    {"WriteMemoryOfOthers", kOff, SYS_process_vm_writev, {}, kEperm},
    {"Openat2", kOff, SYS_openat2, {}, kEnosys},

    {"IoctlSti", kOff, SYS_ioctl, {0, 0x5412}, kEperm},
    {"IoctlStiHighGarbage", kOff, SYS_ioctl, {0, 0x5412 | 1UL << 40}, kEperm},
    {"IoctlLinux", kOff, SYS_ioctl, {0, 0x541c}, kEperm},
    {"IoctlCons", kOff, SYS_ioctl, {0, 0x541d}, kEperm},
    {"IoctlSetd", kOff, SYS_ioctl, {0, 0x5423}, kEperm},
    {"IoctlGetsWindow", kOff, SYS_ioctl, {0, 0x5413}, kAllowed},
    {"IoctlSetsWindow", kOff, SYS_ioctl, {0, 0x5414}, kAllowed},
    {"IoctlTcgets", kOff, SYS_ioctl, {0, 0x5401}, kAllowed},

    {"PersonalityQuery", kOff, SYS_personality, {0xffffffff}, kAllowed},
    {"PersonalityQuerySignExtended", kOff, SYS_personality, {~0UL}, kAllowed},
    {"PersonalityNoRandomize", kOff, SYS_personality, {0x40000}, kAllowed},
    {"PersonalityPlain", kOff, SYS_personality, {0}, kAllowed},
    {"PersonalityReadImpliesExec", kOff, SYS_personality, {0x400000}, kEperm},
    {"PersonalityAlmostQuery", kOff, SYS_personality, {0xfffffffe}, kEperm},

    {"Fchmod", kOff, SYS_fchmod, {3, 0755}, kAllowed},
    {"FchmodSticky", kOff, SYS_fchmod, {3, 01777}, kAllowed},
    {"FchmodSetuid", kOff, SYS_fchmod, {3, 04755}, kEperm},
    {"FchmodSetgid", kOff, SYS_fchmod, {3, 02755}, kEperm},
    {"FchmodatBoth", kOff, SYS_fchmodat, {0, 0, 06755}, kEperm},
    {"Fchmodat2Setuid", kOff, 452, {0, 0, 04755, 0}, kEperm},
    {"Fchmodat2Plain", kOff, 452, {0, 0, 0644, 0}, kAllowed},
    {"OpenatCreatesSetuid", kOff, SYS_openat, {0, 0, O_CREAT | O_WRONLY, 04755}, kEperm},
    {"OpenatTmpfileSetgid", kOff, SYS_openat, {0, 0, O_TMPFILE | O_RDWR, 02755}, kEperm},
    {"OpenatCreates", kOff, SYS_openat, {0, 0, O_CREAT | O_WRONLY, 0644}, kAllowed},
    {"OpenatGarbageMode", kOff, SYS_openat, {0, 0, O_RDONLY, 06777}, kAllowed},
    {"OpenatDirectoryGarbageMode", kOff, SYS_openat, {0, 0, O_DIRECTORY, 06777}, kAllowed},
    {"MknodatFifo", kOff, SYS_mknodat, {0, 0, S_IFIFO | 0644}, kAllowed},
    {"MknodatFile", kOff, SYS_mknodat, {0, 0, S_IFREG | 0644}, kAllowed},
    {"MknodatSetuidFile", kOff, SYS_mknodat, {0, 0, S_IFREG | 04755}, kEperm},
    {"MknodatChar", kOff, SYS_mknodat, {0, 0, S_IFCHR | 0644}, kEperm},
    {"MknodatBlock", kOff, SYS_mknodat, {0, 0, S_IFBLK | 0644}, kEperm},
    {"MknodatSocket", kOff, SYS_mknodat, {0, 0, S_IFSOCK | 0644}, kAllowed},
    {"ReadingIsFree", kChanges, SYS_openat, {0, 0, O_RDONLY | O_CLOEXEC}, kAllowed},
    {"PathOnlyIsFree", kChanges, SYS_openat, {0, 0, O_PATH}, kAllowed},
    {"WritingWaits", kChanges, SYS_openat, {0, 0, O_WRONLY}, kNotified},
    {"ReadWriteWaits", kChanges, SYS_openat, {0, 0, O_RDWR}, kNotified},
    {"OddAccessModeWaits", kChanges, SYS_openat, {0, 0, O_ACCMODE}, kNotified},
    {"CreatingWaits", kChanges, SYS_openat, {0, 0, O_RDONLY | O_CREAT}, kNotified},
    {"EmptyingWaits", kChanges, SYS_openat, {0, 0, O_RDONLY | O_TRUNC}, kNotified},
    {"UnnamedWaits", kChanges, SYS_openat, {0, 0, O_TMPFILE}, kNotified},
    {"HighGarbageWaits", kChanges, SYS_openat, {0, 0, O_WRONLY | 1UL << 40}, kNotified},
    {"RenameWaits", kChanges, SYS_renameat2, {}, kNotified},
    {"ChangingAnOpenFileWaits", kChanges, SYS_fchmod, {3, 0755}, kNotified},
    {"NewestAttributesAreClosed", kChanges, 463, {}, kEnosys},
    {"ExecIsFree", kChanges, SYS_execve, {}, kAllowed},
    {"EveryOpenWaits", kOpens, SYS_openat, {0, 0, O_RDONLY}, kNotified},
    {"ExecWaits", kOpens, SYS_execve, {}, kNotified},
    {"LookingIsFree", kOpens, SYS_newfstatat, {}, kAllowed},
    {"HidingOnesMemoryWaits", kChanges, SYS_prctl, {PR_SET_DUMPABLE, 0}, kNotified},
    {"HidingHighGarbageWaits", kOpens, SYS_prctl, {PR_SET_DUMPABLE | 1UL << 32, 0}, kNotified},
    {"ShowingOnesMemoryIsFree", kOpens, SYS_prctl, {PR_SET_DUMPABLE, 1}, kAllowed},
    {"OtherTraitsAreFree", kOpens, SYS_prctl, {PR_GET_DUMPABLE, 0}, kAllowed},
    {"HidingIsFreeWithoutBroker", kOff, SYS_prctl, {PR_SET_DUMPABLE, 0}, kAllowed},
    {"LimitsOfOthersAreRead", kOpens, SYS_prlimit64, {7, 4, 0, 4096}, kAllowed},
    {"LimitsOfOthersStay", kOpens, SYS_prlimit64, {7, 4, 4096, 0}, kEperm},
    {"OnASharedHostLimitsOfOthersAreNotRead", kBrokered, SYS_prlimit64, {7, 4, 0, 4096}, kEperm},
    {"OnASharedHostOnesOwnLimits", kBrokered, SYS_prlimit64, {0, 4, 4096, 4096}, kAllowed},

    {"MkdiratSetgidIsHarmless", kOff, SYS_mkdirat, {0, 0, 02755}, kAllowed},
};

INSTANTIATE_TEST_SUITE_P(Calls, AnswerTest, testing::ValuesIn(kCases),
                         [](const auto& test) { return std::string(test.param.name); });

// --- The broker's own program -------------------------------------------------------------------

std::uint32_t AskBroker(BrokerPlace place, std::uint32_t nr, const Args& args) {
  const auto got = EvaluateBpf(
      BrokerProgram(place), {.nr = nr, .arch = Native(), .instruction_pointer = 0, .args = args});
  EXPECT_TRUE(got) << got.error().message;
  return got.value_or(0);
}

/// What a program made of `calls` has to answer.
std::uint32_t ExpectedOf(const std::vector<AllowedCall>& calls, std::uint32_t nr,
                         const Args& args) {
  for (const AllowedCall& call : calls) {
    if (NumberOf(call.name) != static_cast<int>(nr)) continue;
    const auto holds = [&args](const std::vector<ArgIs>& when) {
      return std::ranges::all_of(
          when, [&args](const ArgIs& is) { return (args[is.arg] & is.mask) == is.value; });
    };
    if (!call.only.empty() && std::ranges::none_of(call.only, holds)) return kEperm;
    return call.answer == SeccompAnswer::kEnosys ? kEnosys : kAllowed;
  }
  return kEperm;
}

TEST(BrokerProgram, AllowsWhatIsListedAndNothingElse) {
  for (const BrokerPlace place :
       {BrokerPlace::kNamespaces, BrokerPlace::kSharedHost, BrokerPlace::kHostNetwork}) {
    const std::vector<AllowedCall> calls = BrokerCalls(place);
    for (std::uint32_t nr = 0; nr < 512; ++nr) {
      for (const Args& args : {Args{}, Args{7, 7, 7, 7, 7, 7}}) {
        EXPECT_EQ(AskBroker(place, nr, args), ExpectedOf(calls, nr, args)) << nr;
      }
    }
  }
}

TEST(BrokerProgram, AsksForAProcessButSignalsNone) {
  EXPECT_EQ(AskBroker(BrokerPlace::kNamespaces, SYS_kill, {7, 0}), kEperm);
  for (const BrokerPlace place : {BrokerPlace::kSharedHost, BrokerPlace::kHostNetwork}) {
    EXPECT_EQ(AskBroker(place, SYS_kill, {7, 0}), kAllowed);
    EXPECT_EQ(AskBroker(place, SYS_kill, {7, SIGKILL}), kEperm);
    EXPECT_EQ(AskBroker(place, SYS_kill, {7, SIGKILL | 1UL << 32}), kEperm);
  }
}

TEST(BrokerProgram, MakesThreadsButNoProcess) {
  constexpr std::uint64_t kThread =
      CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD;
  EXPECT_EQ(AskBroker(BrokerPlace::kNamespaces, SYS_clone, {kThread}), kAllowed);
  EXPECT_EQ(AskBroker(BrokerPlace::kNamespaces, SYS_clone, {SIGCHLD}), kEperm);
  EXPECT_EQ(AskBroker(BrokerPlace::kNamespaces, SYS_clone, {CLONE_VM | CLONE_VFORK | SIGCHLD}),
            kEperm);
  EXPECT_EQ(AskBroker(BrokerPlace::kNamespaces, SYS_clone3, {}), kEnosys);
  EXPECT_EQ(AskBroker(BrokerPlace::kNamespaces, SYS_fork, {}), kEperm);
  EXPECT_EQ(AskBroker(BrokerPlace::kNamespaces, SYS_vfork, {}), kEperm);
  EXPECT_EQ(AskBroker(BrokerPlace::kNamespaces, SYS_execve, {}), kEperm);
  EXPECT_EQ(AskBroker(BrokerPlace::kNamespaces, SYS_tgkill, {7, 7, SIGKILL}), kEperm);
}

// --- The proxy's own program --------------------------------------------------------------------

std::uint32_t AskProxy(std::uint32_t nr, const Args& args) {
  const auto got = EvaluateBpf(
      ProxyProgram(), {.nr = nr, .arch = Native(), .instruction_pointer = 0, .args = args});
  EXPECT_TRUE(got) << got.error().message;
  return got.value_or(0);
}

TEST(ProxyProgram, AllowsWhatIsListedAndNothingElse) {
  const std::vector<AllowedCall> calls = ProxyCalls();
  for (std::uint32_t nr = 0; nr < 512; ++nr) {
    for (const Args& args : {Args{}, Args{7, 7, 7, 7, 7, 7}}) {
      EXPECT_EQ(AskProxy(nr, args), ExpectedOf(calls, nr, args)) << nr;
    }
  }
}

TEST(ProxyProgram, LeavesNoOtherWayToTheHost) {
  constexpr std::uint64_t kHigh = 1ULL << 32;
  const struct {
    std::uint32_t nr;
    Args args;
  } closed[] = {
      {SYS_execve, {}},
      {SYS_execveat, {}},
      {SYS_clone, {SIGCHLD}},
      {SYS_clone3, {}},
      {SYS_ptrace, {}},
      {SYS_process_vm_readv, {}},
      {SYS_process_vm_writev, {}},
      {SYS_pidfd_open, {}},
      {SYS_pidfd_getfd, {}},
      {SYS_kill, {}},
      {SYS_tgkill, {}},
      {SYS_mount, {}},
      {SYS_unshare, {}},
      {SYS_setns, {}},
      {SYS_bpf, {}},
      {SYS_io_uring_setup, {}},
      {SYS_prctl, {}},
      {SYS_seccomp, {}},
      {SYS_unlinkat, {}},
      {SYS_openat2, {}},
      {SYS_memfd_create, {}},
      {SYS_openat, {0, 0, O_WRONLY}},
      {SYS_openat, {0, 0, O_RDWR | O_CLOEXEC}},
      {SYS_openat, {0, 0, O_CREAT}},
      {SYS_openat, {0, 0, O_TRUNC | kHigh}},
      {SYS_openat, {0, 0, O_TMPFILE}},
      {SYS_mmap, {0, 4096, PROT_READ | PROT_EXEC}},
      {SYS_mprotect, {0, 4096, PROT_EXEC}},
      {SYS_prlimit64, {1, 7, 0, 0}},
      {SYS_socket, {AF_UNIX, SOCK_STREAM, 0}},
      {SYS_socket, {AF_VSOCK, SOCK_STREAM, 0}},
      {SYS_socket, {AF_PACKET, SOCK_RAW, 0}},
      {SYS_socket, {AF_INET, SOCK_RAW, 6}},
      {SYS_socket, {AF_NETLINK, SOCK_RAW, 12}},
      {SYS_socketpair, {AF_UNIX, SOCK_DGRAM, 0}},
  };
  for (const auto& one : closed) EXPECT_EQ(AskProxy(one.nr, one.args), kEperm) << one.nr;
}

// --- The program in a real kernel ---------------------------------------------------------------

// Its exit status says which answer was wrong; 0 when all are right.
[[noreturn]] void TryInKernel() {
  const auto program = SeccompProgram(NetworkMode::kNone, Mediated::kNothing, UnixSockets::kPairs);
  const sock_fprog filter{
      static_cast<unsigned short>(program.size()),
      const_cast<sock_filter*>(reinterpret_cast<const sock_filter*>(program.data()))};
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) ::_exit(90);
  if (::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter) != 0) ::_exit(91);

  if (::syscall(SYS_unshare, 0) != -1 || errno != EPERM) ::_exit(110);
  if (::syscall(SYS_clone3, nullptr, 0) != -1 || errno != ENOSYS) ::_exit(111);
  if (::syscall(SYS_fchmod, -1, 04755) != -1 || errno != EPERM) ::_exit(112);
  if (::syscall(SYS_fchmod, -1, 0755) != -1 || errno != EBADF) ::_exit(113);
  if (::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0) < 0) ::_exit(114);
  if (::socket(AF_UNIX, SOCK_DGRAM, 0) != -1 || errno != EPERM) ::_exit(115);
#if defined(__x86_64__)
  if (::syscall(0x40000000 + SYS_getpid) != -1 || errno != ENOSYS) ::_exit(116);
#endif
  ::_exit(0);
}

[[noreturn]] void TryProxyInKernel() {
  const auto program = ProxyProgram();
  const sock_fprog filter{
      static_cast<unsigned short>(program.size()),
      const_cast<sock_filter*>(reinterpret_cast<const sock_filter*>(program.data()))};
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) ::_exit(90);
  if (::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter) != 0) ::_exit(91);

  char* const nothing[] = {nullptr};
  if (::execve("/bin/true", nothing, nothing) != -1 || errno != EPERM) ::_exit(110);
  if (::fork() != -1 || errno != EPERM) ::_exit(111);
  if (::open("/dev/null", O_RDONLY | O_CLOEXEC) < 0) ::_exit(112);
  if (::open("/dev/null", O_WRONLY) != -1 || errno != EPERM) ::_exit(113);
  if (::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0) < 0 && errno == EPERM) ::_exit(114);
  if (::socket(AF_UNIX, SOCK_STREAM, 0) != -1 || errno != EPERM) ::_exit(115);
  if (::kill(::getppid(), 0) != -1 || errno != EPERM) ::_exit(116);
  if (::mmap(nullptr, 4096, PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED ||
      errno != EPERM) {
    ::_exit(117);
  }
  if (::mmap(nullptr, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED) {
    ::_exit(118);
  }
  ::_exit(0);
}

TEST(ProxyProgram, TheKernelAnswersAsTheEvaluatorDoes) {
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) TryProxyInKernel();
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status)) << status;
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST(SeccompProgram, TheKernelAnswersAsTheEvaluatorDoes) {
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) TryInKernel();
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status)) << status;
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

}  // namespace
}  // namespace ambit::plan_linux
