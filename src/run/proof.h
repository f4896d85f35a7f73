#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/host_facts.h"
#include "plan/op.h"
#include "policy/policy.h"

/// The proof at start: from inside, before the command, somebody tries what the rules forbid.
namespace ambit::run {

/// What is tried; see os/attempt_calls.h.
enum class Attempt : std::uint8_t {
  kRead,
  kWrite,
  kMakeIn,
  kMake,
  kSocket,
  kRoute,
  kOtherSocket,
  kTcp,
  kPastConnect,
  kDoor,
  kNamespace,
  kCapability,
  kPrivilege,
  kReadOnlyMount,
  kSignal,
  kNothing,  ///< There is nothing that could be tried without harm, or at all.
};

/// One attempt and what it has to come to.
struct Witness {
  Attempt attempt = Attempt::kRead;
  /// It is made before the system call filter is there: mounts, Landlock and dropped privileges
  /// have to do on their own. The others are made as the command would.
  bool early = false;
  bool has_to_work = false;
  std::string path{};  ///< Empty where none is concerned.
  std::string rule{};  ///< What it is a witness of, printable.
  SourceRef from{};
  int process = -1;        ///< kSignal: a pidfd.
  std::uint16_t port = 0;  ///< kDoor.
  std::string untried{};   ///< kNothing: why.
};

/// Untold: the attempt could not be made, for example because its directory does not exist.
enum class Verdict : std::uint8_t { kHolds, kBroken, kUntold };
Verdict Judge(const Witness& witness, int result);

/// Before an attempt was made.
inline constexpr int kNotTried = 1;

/// Witnesses for the operations of `plan`, which was made from `policy` for `host`: for every one
/// (`all`), or, which takes the same time for a small policy and a large one, for a few of each
/// kind. `outside` is a pidfd of a process that nobody inside may signal. With `all` there is also
/// a witness of kind kNothing for each rule that cannot be tried. `door` is the proxy's port.
std::vector<Witness> WitnessesFor(const plan::Plan& plan, const policy::Policy& policy,
                                  const HostFacts& host, int outside, bool all,
                                  std::uint16_t door = 0);

/// Makes the early or the other attempts and notes each outcome in `results`, which has room for
/// all. The index of the first one that is broken, or the number of witnesses. Only system calls.
std::size_t Prove(const std::vector<Witness>& witnesses, bool early, int* results);

/// "open '/a/b' for reading" and the like; empty for kNothing.
std::string Describe(const Witness& witness);

/// Why the verdict about `result` is kUntold, in words for people.
std::string WhyUntold(const Witness& witness, int result);

}  // namespace ambit::run
