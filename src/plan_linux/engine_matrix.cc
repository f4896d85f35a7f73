#include "plan_linux/engine_matrix.h"

#include <cstring>
#include <optional>

namespace ambit::plan_linux {
namespace {

constexpr int kAbiWithScopes = 6;

constexpr std::uint32_t Bits() { return 0; }
template <class... More>
constexpr std::uint32_t Bits(Need need, More... more) {
  return 1U << static_cast<unsigned>(need) | Bits(more...);
}

constexpr std::uint32_t kNative =
    Bits(Need::kNamespaces, Need::kMounts, Need::kOwnProc, Need::kCalls, Need::kFilter);
constexpr std::uint32_t kNativeLive = kNative | Bits(Need::kListener);
/// Without mounts every call that opens a file is decided by the broker.
constexpr std::uint32_t kLandlock =
    Bits(Need::kScopes, Need::kCalls, Need::kFilter, Need::kListener, Need::kMemory);
/// Connections are made by the broker, on a copy of the caller's socket.
constexpr std::uint32_t kSockets = Bits(Need::kDescriptors);

constexpr EngineCell kNoMounts{"", Bits(Need::kMoreThanTheEngine)};
/// What is made by bwrap takes no ability of ours; what is decided call by call takes the same.
constexpr std::uint32_t kLaunched = Bits(Need::kCalls, Need::kFilter, Need::kBubblewrap);
constexpr std::uint32_t kLaunchedLive = kLaunched | Bits(Need::kListener);
constexpr EngineCell kFewMounts{"", Bits(Need::kMoreMounts)};

constexpr std::array<MatrixRow, kPolicyKinds> kMatrix = {{
    {PolicyKind::kReadOnly,
     "read-only",
     "`:read-only`",
     {{{"read-only mounts", kNative},
       {"Landlock, broker", kLandlock},
       {"read-only mounts", kLaunched}}}},
    {PolicyKind::kWorkspace,
     "workspace",
     "`:workspace`: writes in named places",
     {{{"mounts, broker, fence", kNativeLive},
       {"Landlock, broker, fence", kLandlock},
       {"mounts, broker, fence", kLaunchedLive}}}},
    {PolicyKind::kDeny,
     "deny",
     "deny or read-only for a path",
     {{{"masks, broker", kNativeLive},
       {"broker, fence", kLandlock},
       {"masks, broker, fence", kLaunchedLive}}}},
    {PolicyKind::kMissingNames,
     "missing-names",
     "names that do not exist yet, `.git` and other metadata",
     {{{"broker, fence", kNativeLive},
       {"broker, fence", kLandlock},
       {"broker, fence", kLaunchedLive}}}},
    {PolicyKind::kPatterns,
     "patterns",
     "deny patterns",
     {{{"broker, fence", kNativeLive},
       {"broker, fence", kLandlock},
       {"broker, fence", kLaunchedLive}}}},
    {PolicyKind::kSnapshot,
     "snapshot",
     "`deny_mode = \"snapshot\"`",
     {{{"masks", kNative}, kNoMounts, kFewMounts}}},
    {PolicyKind::kRestrictedRead,
     "restricted-read",
     "reads in named places only",
     {{{"private root", kNative}, {"Landlock, broker", kLandlock}, {"private root", kLaunched}}}},
    {PolicyKind::kWritableDisk,
     "writable-disk",
     "the whole disk writable, with exceptions",
     {{{"mounts, broker", kNativeLive},
       {"Landlock, broker, fence", kLandlock},
       {"mounts, broker", kLaunchedLive}}}},
    {PolicyKind::kNetworkOff,
     "network-off",
     "no network",
     {{{"network namespace, filter", kNative},
       {"filter", kLandlock},
       {"network namespace, filter", kLaunched}}}},
    {PolicyKind::kHosts,
     "hosts",
     "named hosts only",
     {{{"network namespace, broker, proxy", kNativeLive | kSockets},
       {"broker, Landlock, proxy", kLandlock | kSockets},
       {"network namespace, broker, proxy", kLaunchedLive | kSockets}}}},
    {PolicyKind::kUnixSockets,
     "unix-sockets",
     "named unix sockets only",
     {{{"broker", kNativeLive | kSockets},
       {"broker", kLandlock | kSockets},
       {"broker", kLaunchedLive | kSockets}}}},
    {PolicyKind::kProcesses,
     "processes",
     "processes apart, all ended with the command",
     {{{"process namespace", kNative},
       {"Landlock scopes, guard process", kLandlock},
       {"process namespace", kLaunched}}}},
    {PolicyKind::kProcessLimit,
     "process-limit",
     "`limits.processes`",
     {{{"rlimit in the user namespace", kNative | Bits(Need::kOrdinaryUser)},
       kNoMounts,
       {"rlimit in the user namespace", kLaunched | Bits(Need::kOrdinaryUser)}}}},
}};

/// The first of these that is missing.
template <class... More>
std::optional<Ability> FirstMissing(const HostAbilities& host, Ability ability, More... more) {
  if (!host.Has(ability)) return ability;
  if constexpr (sizeof...(more) == 0) {
    return std::nullopt;
  } else {
    return FirstMissing(host, more...);
  }
}

std::string CannotText(const HostAbilities& host, std::optional<Ability> missing) {
  if (!missing) return "";
  return "this host does not let ambit " +
         std::string(kAbilityTexts[static_cast<std::size_t>(*missing)].does) + " (" +
         WhyMissing(host, *missing) + ")";
}

/// Why the need is not met; empty when it is.
std::string Unmet(const HostAbilities& host, Need need) {
  switch (need) {
    case Need::kNamespaces:
      return CannotText(
          host, FirstMissing(host, Ability::kUserNamespace, Ability::kMountNamespace,
                             Ability::kPidNamespace, Ability::kIpcNamespace, Ability::kUtsNamespace,
                             Ability::kCgroupNamespace, Ability::kNetworkNamespace,
                             Ability::kAllNamespaces, Ability::kIdMap));
    case Need::kMounts:
      return CannotText(
          host, FirstMissing(host, Ability::kCopyMounts, Ability::kTmpfs, Ability::kMountFlags,
                             Ability::kAttach, Ability::kDevpts));
    case Need::kOwnProc:
      return CannotText(host, FirstMissing(host, Ability::kProc));
    case Need::kCalls:
      // An older kernel without Landlock is one thing, a Landlock that nobody may use another.
      if (host.landlock_abi != 0 && !host.Has(Ability::kLandlock)) {
        return CannotText(host, Ability::kLandlock);
      }
      return CannotText(host, FirstMissing(host, Ability::kFindPaths, Ability::kHoldProcesses,
                                           Ability::kCloseRange));
    case Need::kFilter:
      return CannotText(host, FirstMissing(host, Ability::kFilter));
    case Need::kListener:
      return CannotText(host, FirstMissing(host, Ability::kListener));
    case Need::kMemory:
      if (host.Has(Ability::kReadMemoryFile)) return "";
      return CannotText(host, FirstMissing(host, Ability::kReadMemory));
    case Need::kDescriptors:
      return CannotText(host, FirstMissing(host, Ability::kCopyDescriptors));
    case Need::kScopes:
      if (host.landlock_abi >= kAbiWithScopes) return "";
      if (host.landlock_abi == 0) return "this kernel has no Landlock, or it is switched off";
      return "Landlock of this kernel cannot keep signals inside (ABI " +
             std::to_string(host.landlock_abi) + ", 6 is needed)";
    case Need::kOrdinaryUser:
      return host.uid != 0 ? "" : "uid 0 is not bound by this limit";
    case Need::kMoreThanTheEngine:
      return "this needs namespaces or mounts, which this engine does without";
    case Need::kBubblewrap:
      return CannotText(host, FirstMissing(host, Ability::kBubblewrap));
    case Need::kMoreMounts:
      return "this needs more mounts than bwrap makes";
  }
  return "";
}

}  // namespace

std::span<const MatrixRow> EngineMatrix() { return kMatrix; }

std::string_view ToWord(EngineColumn engine) {
  switch (engine) {
    case EngineColumn::kNative:
      return "native";
    case EngineColumn::kLandlock:
      return "landlock";
    case EngineColumn::kBubblewrap:
      return "bubblewrap";
  }
  return "";
}

std::string_view ToWord(Need need) {
  switch (need) {
    case Need::kNamespaces:
      return "user, mount, process, IPC, UTS, cgroup and network namespaces";
    case Need::kMounts:
      return "mounts in a namespace (Linux 5.12)";
    case Need::kOwnProc:
      return "a `/proc` of one's own";
    case Need::kCalls:
      return "the calls of Linux 5.9, Landlock where there is one";
    case Need::kFilter:
      return "system call filters";
    case Need::kListener:
      return "answering system calls (Linux 5.14, no other sandbox above that does)";
    case Need::kMemory:
      return "reading the memory of a process beside one";
    case Need::kDescriptors:
      return "copying the descriptor of a process beside one";
    case Need::kScopes:
      return "Landlock ABI 6 (Linux 6.12)";
    case Need::kOrdinaryUser:
      return "a user other than root";
    case Need::kMoreThanTheEngine:
      return "it does without namespaces and mounts";
    case Need::kBubblewrap:
      return "the program `bwrap`, and namespaces and mounts for it";
    case Need::kMoreMounts:
      return "it makes few mounts";
  }
  return "";
}

Verdict CanEnforce(const HostAbilities& host, PolicyKind kind, EngineColumn engine) {
  const EngineCell& cell =
      kMatrix[static_cast<std::size_t>(kind)].cells[static_cast<std::size_t>(engine)];
  for (std::size_t i = 0; i < kNeeds; ++i) {
    const Need need = static_cast<Need>(i);
    if ((cell.needs & Bits(need)) == 0) continue;
    if (std::string reason = Unmet(host, need); !reason.empty()) return {false, std::move(reason)};
  }
  return {true, std::string(cell.means)};
}

std::string WhyMissing(const HostAbilities& host, Ability ability) {
  const int error = host.ErrorOf(ability);
  if (error == HostAbilities::kInWords) return host.bubblewrap_problem;
  if (error == HostAbilities::kNotTried) return "not tried: what it needs does not work";
  if (error == HostAbilities::kKilled) return "whoever tries is killed";
  const char* const name = ::strerrorname_np(error);
  return (name != nullptr ? std::string(name) + ": " : "") + std::strerror(error);
}

}  // namespace ambit::plan_linux
