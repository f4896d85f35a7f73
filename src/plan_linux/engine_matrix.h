#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/host_abilities.h"

/// Which engine can enforce which kind of policy on which host: one table, which `ambit doctor`
/// prints and docs/engines.md quotes. Pure.
namespace ambit::plan_linux {

enum class PolicyKind : std::uint8_t {
  kReadOnly,
  kWorkspace,
  kDeny,
  kMissingNames,
  kPatterns,
  kSnapshot,
  kRestrictedRead,
  kWritableDisk,
  kNetworkOff,
  kHosts,
  kUnixSockets,
  kProcesses,
  kProcessLimit,
};
inline constexpr std::size_t kPolicyKinds = 13;

/// The engines of the table, in the order of its columns.
enum class EngineColumn : std::uint8_t { kNative, kLandlock, kBubblewrap };
inline constexpr std::size_t kEngineColumns = 3;
/// "native", "landlock", "bubblewrap".
std::string_view ToWord(EngineColumn engine);

/// What an engine needs of a host.
enum class Need : std::uint8_t {
  kNamespaces,
  kMounts,
  kOwnProc,
  kCalls,
  kFilter,
  kListener,
  kMemory,
  kDescriptors,
  kScopes,
  kOrdinaryUser,
  kMoreThanTheEngine,  ///< Never there: the engine does without it.
  kBubblewrap,
  kMoreMounts,  ///< Never there: bwrap makes only few.
};
inline constexpr std::size_t kNeeds = 13;
/// What it is called in the documentation.
std::string_view ToWord(Need need);

/// How an engine enforces a kind of policy, and what that needs.
struct EngineCell {
  std::string_view means;   ///< In a few words; empty when it never can.
  std::uint32_t needs = 0;  ///< Bits 1 << Need.
};
struct MatrixRow {
  PolicyKind kind;
  std::string_view name;  ///< One word for machines.
  std::string_view text;  ///< For people.
  std::array<EngineCell, kEngineColumns> cells;
};
std::span<const MatrixRow> EngineMatrix();

/// Whether it can on this host, and by what means, or why not.
struct Verdict {
  bool can = false;
  std::string reason;
};
Verdict CanEnforce(const HostAbilities& host, PolicyKind kind, EngineColumn engine);

/// Why an ability is missing: the errno in words, or what else went wrong.
std::string WhyMissing(const HostAbilities& host, Ability ability);

}  // namespace ambit::plan_linux
