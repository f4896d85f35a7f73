#include "plan_linux/engine_matrix.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <map>

#include "engines_page.h"  // kEnginesPage: docs/engines.md, made by CMake
#include "plan_linux/lower.h"

namespace ambit::plan_linux {
namespace {

using enum EngineColumn;

HostAbilities Plain() {
  HostAbilities host;
  host.landlock_abi = 7;
  host.uid = 1000;
  return host;
}

HostAbilities Without(std::initializer_list<std::pair<Ability, int>> missing, int abi = 7,
                      std::uint32_t uid = 1000) {
  HostAbilities host = Plain();
  for (const auto& [ability, error] : missing) {
    host.errors[static_cast<std::size_t>(ability)] = error;
  }
  host.landlock_abi = abi;
  host.uid = uid;
  return host;
}

/// A line for each engine: "native  xx.x…", one character for each kind of policy.
std::string Cells(const HostAbilities& host) {
  std::string out;
  for (const EngineColumn engine : {kNative, kLandlock, kBubblewrap}) {
    for (const MatrixRow& row : EngineMatrix()) {
      out += CanEnforce(host, row.kind, engine).can ? 'x' : '.';
    }
    out += ' ';
  }
  return out;
}

struct Case {
  const char* name;
  HostAbilities host;
  /// Read-only, workspace, deny, missing names, patterns, snapshot, restricted read, writable disk,
  /// network off, hosts, unix sockets, processes, process limit.
  const char* cells;
};
class HostTest : public testing::TestWithParam<Case> {};

TEST_P(HostTest, CanEnforceThis) { EXPECT_EQ(Cells(GetParam().host), GetParam().cells); }

constexpr const char* kNothing = "............. ............. ............. ";
constexpr const char* kAll = "xxxxxxxxxxxxx xxxxx.xxxxxx. xxxxx.xxxxxxx ";
constexpr const char* kNotNative = "............. xxxxx.xxxxxx. xxxxx.xxxxxxx ";
constexpr const char* kNotLandlock = "xxxxxxxxxxxxx ............. xxxxx.xxxxxxx ";
constexpr const char* kOnlyBubblewrap = "............. ............. xxxxx.xxxxxxx ";

INSTANTIATE_TEST_SUITE_P(
    Hosts, HostTest,
    testing::Values(
        Case{"Plain", Plain(), kAll},
        Case{"Root", Without({}, 7, 0), "xxxxxxxxxxxx. xxxxx.xxxxxx. xxxxx.xxxxxx. "},
        Case{"NoUserNamespaces", Without({{Ability::kUserNamespace, ENOSPC}}), kNotNative},
        Case{"NoNetworkNamespaces", Without({{Ability::kNetworkNamespace, ENOSPC}}), kNotNative},
        Case{"CloneForbidden", Without({{Ability::kAllNamespaces, EPERM}}), kNotNative},
        Case{"NoIdMap", Without({{Ability::kIdMap, EPERM}}), kNotNative},
        Case{"MountsRefused", Without({{Ability::kMountFlags, EACCES}}), kNotNative},
        Case{"OldMountCalls", Without({{Ability::kMountFlags, ENOSYS}}), kNotNative},
        Case{"CoveredProc", Without({{Ability::kProc, EPERM}}), kNotNative},
        Case{"HangingProbe", Without({{Ability::kTmpfs, ETIMEDOUT}}), kNotNative},
        Case{"ListenerAbove", Without({{Ability::kListener, EBUSY}}),
             "x....xx.x..xx ............. x.....x.x..xx "},
        Case{"NoOpenat2", Without({{Ability::kFindPaths, ENOSYS}}), kNothing},
        Case{"NoCloseRange", Without({{Ability::kCloseRange, EPERM}}), kNothing},
        Case{"NoProcessDescriptors", Without({{Ability::kHoldProcesses, ENOSYS}}), kNothing},
        Case{"LandlockForbidden", Without({{Ability::kLandlock, EPERM}}), kNothing},
        Case{"LandlockMissing", Without({{Ability::kLandlock, EOPNOTSUPP}}, 0), kNotLandlock},
        Case{"NoCopiesOfDescriptors", Without({{Ability::kCopyDescriptors, EPERM}}),
             "xxxxxxxxx..xx xxxxx.xxx..x. xxxxx.xxx..xx "},
        Case{"NoFilter", Without({{Ability::kFilter, EINVAL}}), kNothing},
        Case{"LandlockAbi6", Without({}, 6), kAll},
        Case{"LandlockAbi5", Without({}, 5), kNotLandlock},
        Case{"LandlockAbi1", Without({}, 1), kNotLandlock},
        Case{"NoLandlock", Without({}, 0), kNotLandlock},
        Case{"ReadingThroughProcIsEnough", Without({{Ability::kReadMemory, EPERM}}), kAll},
        Case{"Yama", Without({{Ability::kReadMemory, EPERM}, {Ability::kReadMemoryFile, EACCES}}),
             kNotLandlock},
        Case{"NeitherNamespacesNorLandlock", Without({{Ability::kUserNamespace, EPERM}}, 5),
             kOnlyBubblewrap},
        Case{"NeitherNamespacesNorListener",
             Without({{Ability::kUserNamespace, EPERM}, {Ability::kListener, EBUSY}}),
             "............. ............. x.....x.x..xx "},
        Case{"NoBubblewrap", Without({{Ability::kBubblewrap, HostAbilities::kInWords}}),
             "xxxxxxxxxxxxx xxxxx.xxxxxx. ............. "},
        Case{"NothingOfTheThree",
             Without({{Ability::kUserNamespace, EPERM},
                      {Ability::kBubblewrap, HostAbilities::kInWords}},
                     5),
             kNothing}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(EngineMatrixTest, RowsStandAtTheirKind) {
  ASSERT_EQ(EngineMatrix().size(), kPolicyKinds);
  for (std::size_t i = 0; i < kPolicyKinds; ++i) {
    EXPECT_EQ(static_cast<std::size_t>(EngineMatrix()[i].kind), i);
  }
}

TEST(EngineMatrixTest, EveryMissingAbilityIsNamedWithItsReason) {
  const HostAbilities host = Without({{Ability::kProc, EPERM}});
  const Verdict verdict = CanEnforce(host, PolicyKind::kWorkspace, kNative);
  EXPECT_EQ(verdict.reason,
            "this host does not let ambit mount a /proc of one's own (EPERM: Operation not "
            "permitted)");
}

TEST(EngineMatrixTest, WhatBwrapSaysIsTheReason) {
  HostAbilities host = Without({{Ability::kBubblewrap, HostAbilities::kInWords}});
  host.bubblewrap_problem = "it is not there";
  EXPECT_EQ(CanEnforce(host, PolicyKind::kWorkspace, kBubblewrap).reason,
            "this host does not let ambit have the program bwrap make a sandbox, and prove it (it "
            "is not there)");
  EXPECT_EQ(CanEnforce(host, PolicyKind::kWorkspace, kNative).reason, "mounts, broker, fence");
}

TEST(EngineMatrixTest, NoAbilityIsLookedAtByNobody) {
  for (std::size_t i = 0; i < kAbilities; ++i) {
    HostAbilities host = Plain();
    host.errors[i] = EPERM;
    const auto ability = static_cast<Ability>(i);
    if (ability == Ability::kReadMemory || ability == Ability::kReadMemoryFile) continue;
    EXPECT_NE(Cells(host), Cells(Plain())) << kAbilityTexts[i].name;
  }
}

// What Lower refuses for a host of plain abilities is what the table says no to.

policy::Policy PolicyOf(PolicyKind kind) {
  policy::Policy policy;
  policy.profile = "p";
  policy.cwd = "/w";
  const auto add = [&](const char* path, policy::Access access) {
    policy::PathRule rule;
    rule.path = rule.given = rule.deepest_existing = path;
    rule.access = access;
    rule.kind = FileKind::kDirectory;
    policy.rules.push_back(rule);
  };
  add("/", kind == PolicyKind::kWritableDisk ? policy::Access::kWrite : policy::Access::kRead);
  if (kind != PolicyKind::kReadOnly) add("/w", policy::Access::kWrite);
  if (kind == PolicyKind::kDeny || kind == PolicyKind::kWritableDisk) {
    add("/w/s", policy::Access::kNone);
  }
  if (kind == PolicyKind::kSnapshot) policy.deny_mode = config::DenyMode::kSnapshot;
  if (kind == PolicyKind::kProcessLimit) policy.limits.processes = {10, {}};
  if (kind == PolicyKind::kHosts) policy.network.enabled = true;
  policy.Reindex();
  return policy;
}

TEST(EngineMatrixTest, AgreesWithLowering) {
  for (int abi = 0; abi <= 7; ++abi) {
    for (const std::uint32_t uid : {0U, 1000U}) {
      HostFacts facts;
      facts.landlock_abi = abi;
      facts.uid = uid;
      facts.mounts = {{1, 0, 1, "/", "/", "ext4"}};
      for (const PolicyKind kind :
           {PolicyKind::kReadOnly, PolicyKind::kWorkspace, PolicyKind::kDeny, PolicyKind::kSnapshot,
            PolicyKind::kWritableDisk, PolicyKind::kHosts, PolicyKind::kProcessLimit}) {
        const policy::Policy policy = PolicyOf(kind);
        for (const auto& [engine, means] :
             {std::pair{kNative, Means::kMounts}, std::pair{kLandlock, Means::kNoMounts},
              std::pair{kBubblewrap, Means::kCoarseMounts}}) {
          EXPECT_EQ(Lower(policy, facts, means).has_value(),
                    CanEnforce(Without({}, abi, uid), kind, engine).can)
              << EngineMatrix()[static_cast<std::size_t>(kind)].name << " with " << ToWord(engine)
              << ", ABI " << abi << ", uid " << uid;
        }
      }
    }
  }
}

// The page quotes the table.

/// The letter of each need that some host may meet.
const std::map<Need, char> kLetters = {
    {Need::kNamespaces, 'N'},   {Need::kMounts, 'M'},      {Need::kOwnProc, 'P'},
    {Need::kCalls, 'C'},        {Need::kFilter, 'F'},      {Need::kListener, 'L'},
    {Need::kMemory, 'R'},       {Need::kDescriptors, 'D'}, {Need::kScopes, 'S'},
    {Need::kOrdinaryUser, 'U'}, {Need::kBubblewrap, 'B'},
};

std::string CellText(const EngineCell& cell) {
  std::string letters;
  for (std::size_t i = 0; i < kNeeds; ++i) {
    if ((cell.needs & (1U << i)) == 0) continue;
    const auto need = static_cast<Need>(i);
    const auto letter = kLetters.find(need);
    if (letter == kLetters.end()) return "no: " + std::string(ToWord(need));
    letters += letter->second;
  }
  return std::string(cell.means) + " (" + letters + ")";
}

std::string Table() {
  std::string out = "| policy | native | landlock | bubblewrap |\n|---|---|---|---|\n";
  for (const MatrixRow& row : EngineMatrix()) {
    out += "| " + std::string(row.text) + " |";
    for (const EngineCell& cell : row.cells) out += " " + CellText(cell) + " |";
    out += '\n';
  }
  out += '\n';
  for (const auto& [need, letter] : kLetters) {
    out += "- " + std::string(1, letter) + ": " + std::string(ToWord(need)) + "\n";
  }
  return out;
}

TEST(EngineMatrixTest, TheDocumentationSaysTheSame) {
  EXPECT_NE(std::string_view(kEnginesPage).find(Table()), std::string_view::npos)
      << "docs/engines.md has to hold this:\n"
      << Table();
}

}  // namespace
}  // namespace ambit::plan_linux
