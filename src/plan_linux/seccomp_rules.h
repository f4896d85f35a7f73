#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

/// Which system calls the command may not make, as data. The build turns the table into a filter
/// program (seccomp_gen.cc); tests compare that program with the table.
namespace ambit::plan_linux {

enum class NetworkMode : std::uint8_t {
  kNone,  ///< No network and no socket of the host.
  /// A loopback of the sandbox's own. Every connect waits for the broker, who leads what goes
  /// elsewhere to the proxy.
  kProxied,
  /// The host's network, shared, where nothing but the broker connects: TCP sockets alone, and
  /// every way to give one an address waits for it or is closed.
  kBrokered,
  kHost,  ///< The host's network; unix sockets are limited by the file rules alone.
};

/// What is not decided by the kernel alone but by the broker (seccomp_unotify(2)).
enum class Mediated : std::uint8_t {
  kNothing,
  kChanges,       ///< Calls that make, move, remove or change files.
  kOpens,         ///< These, and every call that opens a file or starts a program.
  kOnSharedHost,  ///< These, where no namespace keeps the processes of the host apart.
};

/// What may be done with unix sockets (unix(7)). Pairs and listeners are always there; datagrams
/// reach any socket by its name, whatever the sender is connected to.
enum class UnixSockets : std::uint8_t {
  kPairs,      ///< Nothing connects.
  kStreams,    ///< The broker connects and binds.
  kDatagrams,  ///< The same, and it sends what may carry an address.
};

enum class SeccompAnswer : std::uint8_t {
  kAllow,
  kEperm,   ///< Refused.
  kEnosys,  ///< As if the kernel were older: callers fall back to a call that can be checked.
  kNotify,  ///< The call waits until the broker answers.
};

/// (argument & mask) == value. The kernel reads a 32-bit parameter from the low half of a 64-bit
/// register and ignores the rest, so the mask of such a parameter stays within the low half: a
/// check of all 64 bits would be evaded by setting a bit that the kernel does not look at.
struct ArgIs {
  std::uint8_t arg = 0;  ///< 0 to 5.
  std::uint64_t mask = 0;
  std::uint64_t value = 0;
};

/// What is answered to each of `syscalls`. No two rules for the same mode name the same call.
struct SeccompRule {
  std::vector<std::string_view> syscalls;  ///< Kernel names, without "sys_".
  SeccompAnswer answer = SeccompAnswer::kEperm;
  const char* why = "";
  /// Exceptions: where every statement of one of them holds, the answer is `otherwise`. The rule
  /// refuses (EPERM) or asks and the exceptions allow, or the rule allows and they do something
  /// else.
  std::vector<std::vector<ArgIs>> exceptions = {};
  SeccompAnswer otherwise = SeccompAnswer::kAllow;
};

enum class BrokerPlace : std::uint8_t {
  kNamespaces,
  kSharedHost,   ///< No namespace keeps the processes of the host apart.
  kHostNetwork,  ///< The same, and it connects sockets on the host's network.
};

/// A call that is allowed; where there are statements, only where all of one list hold.
struct AllowedCall {
  std::string_view name;
  std::vector<std::vector<ArgIs>> only = {};
  SeccompAnswer answer = SeccompAnswer::kAllow;
};

/// The calls that the broker itself makes; every other one fails with EPERM. What a command could
/// make it do, should it find a fault in it, ends there: it starts no program and no process, only
/// threads of its own, sends no signals, and maps nothing that can be executed.
std::vector<AllowedCall> BrokerCalls(BrokerPlace place);

/// The calls that the network proxy of a run makes; every other one fails with EPERM. It starts no
/// program and makes no process, opens files for reading only, maps nothing that can be executed,
/// and has sockets of the internet alone.
std::vector<AllowedCall> ProxyCalls();

/// Every rule for one case. What no rule names is allowed. In addition every program
/// of SeccompProgram() ends the process for a foreign architecture and answers ENOSYS to x32
/// numbers.
std::vector<SeccompRule> SeccompRules(NetworkMode mode, Mediated mediated, UnixSockets sockets);

}  // namespace ambit::plan_linux
