#include "plan_linux/lower.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace ambit::plan_linux {
namespace {

using policy::Access;
using policy::Origin;
using policy::PathRule;
using policy::Policy;

PathRule Rule(std::string path, Access access, FileKind kind = FileKind::kDirectory,
              Origin origin = Origin::kEntry) {
  PathRule rule;
  rule.path = path;
  rule.access = access;
  rule.kind = kind;
  rule.origin = origin;
  rule.deepest_existing = path;
  rule.given = path;
  rule.from = {"c.toml", 1, 1};
  return rule;
}

Policy PolicyOf(std::vector<PathRule> rules) {
  Policy policy;
  policy.profile = "p";
  policy.cwd = "/w";
  policy.rules = std::move(rules);
  std::ranges::sort(policy.rules, {}, &PathRule::path);
  policy.Reindex();
  return policy;
}

HostFacts Host() {
  HostFacts host;
  host.mounts = {{1, 0, 1, "/", "/", "ext4"}};
  return host;
}

/// Only the operations on paths, "op path" each: the rest is the same in every plan.
std::string PathOps(const Policy& policy, const HostFacts& host = Host()) {
  const Result<plan::Plan> plan = Lower(policy, host);
  if (!plan) return "refused: " + ToString(plan.error());
  std::string out;
  for (const plan::Op& op : plan->ops) {
    if (const auto* expose = std::get_if<plan::Expose>(&op)) {
      out += (expose->writable ? "writable " : "read-only ") + expose->path + "\n";
    } else if (const auto* hide = std::get_if<plan::Hide>(&op)) {
      out += "hide " + hide->path;
      for (const std::string& path : hide->reopened) out += " except " + path;
      out += '\n';
    } else if (const auto* pin = std::get_if<plan::Pin>(&op)) {
      out += "pin " + pin->path + "\n";
    } else if (const auto* matches = std::get_if<plan::HideMatches>(&op)) {
      out += "matches " + matches->base + " " + matches->glob.text() + "\n";
    }
  }
  return out;
}

template <class T>
const T* FindOp(const plan::Plan& plan) {
  for (const plan::Op& op : plan.ops) {
    if (const T* found = std::get_if<T>(&op)) return found;
  }
  return nullptr;
}

TEST(LowerTest, AnUnrestrictedPolicyHasNoOperations) {
  Policy policy;
  policy.unrestricted = true;
  const Result<plan::Plan> plan = Lower(policy, Host());
  ASSERT_TRUE(plan);
  EXPECT_TRUE(plan->unrestricted);
  EXPECT_TRUE(plan->ops.empty());
}

TEST(LowerTest, EveryPlanIsolatesProcDevNetworkAndPrivileges) {
  const Result<plan::Plan> plan = Lower(PolicyOf({Rule("/", Access::kRead)}), Host());
  ASSERT_TRUE(plan);
  EXPECT_EQ(plan::RenderText(*plan),
            "start-read-only  /  # the whole disk, read-only\n"
            "private-proc     /proc  # only the sandbox's processes\n"
            "private-dev      /dev  # harmless devices only\n"
            "no-network       # no interface but a loopback that is down, no host socket\n"
            "drop-privileges  # no capability, no new privilege, filtered system calls\n"
            "start-in         /w\n");
}

TEST(LowerTest, CarveOutsComeAfterTheRootTheyAreCutFrom) {
  EXPECT_EQ(PathOps(PolicyOf({Rule("/", Access::kRead), Rule("/w", Access::kWrite),
                              Rule("/w/.git", Access::kRead), Rule("/w/s", Access::kNone)})),
            "writable /w\nread-only /w/.git\nhide /w/s\n");
}

TEST(LowerTest, DirectoriesOnTheWayToACarveOutArePinned) {
  EXPECT_EQ(PathOps(PolicyOf({Rule("/", Access::kRead), Rule("/w", Access::kWrite),
                              Rule("/w/a/b/s", Access::kNone, FileKind::kRegular)})),
            "writable /w\npin /w/a\npin /w/a/b\nhide /w/a/b/s\n");
}

TEST(LowerTest, NothingIsPinnedInAReadOnlyDirectory) {
  EXPECT_EQ(PathOps(PolicyOf({Rule("/", Access::kRead), Rule("/a/b", Access::kNone)})),
            "hide /a/b\n");
}

TEST(LowerTest, NestedRulesKeepTheirOrder) {
  EXPECT_EQ(PathOps(PolicyOf({Rule("/", Access::kRead), Rule("/w", Access::kWrite),
                              Rule("/w/d", Access::kNone), Rule("/w/d/s", Access::kRead),
                              Rule("/w/d/s/t", Access::kNone)})),
            "writable /w\nhide /w/d except /w/d/s\nread-only /w/d/s\nhide /w/d/s/t\n");
}

TEST(LowerTest, RedundantRulesMakeNoOperation) {
  EXPECT_EQ(PathOps(PolicyOf({Rule("/", Access::kRead), Rule("/a", Access::kRead),
                              Rule("/d", Access::kNone), Rule("/d/e", Access::kNone)})),
            "hide /d\n");
}

TEST(LowerTest, AManagedDenyIsNotReopened) {
  EXPECT_EQ(PathOps(PolicyOf({Rule("/", Access::kRead),
                              Rule("/d", Access::kNone, FileKind::kDirectory, Origin::kManaged),
                              Rule("/d/e", Access::kWrite)})),
            "hide /d\n");
}

Policy PolicyWithMissing() {
  PathRule missing = Rule("/w/a/x", Access::kNone, FileKind::kMissing);
  missing.deepest_existing = "/w/a";
  return PolicyOf({Rule("/", Access::kRead), Rule("/w", Access::kWrite), missing});
}

TEST(LowerTest, AMissingNameIsForbiddenAndItsWayIsPinned) {
  const Policy policy = PolicyWithMissing();
  EXPECT_EQ(PathOps(policy), "writable /w\npin /w/a\n");
  const Result<plan::Plan> plan = Lower(policy, Host());
  ASSERT_TRUE(plan);
  EXPECT_TRUE(plan->gaps.empty());
  const auto* forbid = FindOp<plan::Forbid>(*plan);
  ASSERT_NE(forbid, nullptr);
  EXPECT_EQ(forbid->path, "/w/a/x");
  EXPECT_TRUE(forbid->hidden);
  const auto* mediate = FindOp<plan::Mediate>(*plan);
  ASSERT_NE(mediate, nullptr);
  EXPECT_TRUE(mediate->opens);
  EXPECT_EQ(mediate->below, std::vector<std::string>{"/w"});
}

TEST(LowerTest, InASnapshotAMissingNameIsAGap) {
  Policy policy = PolicyWithMissing();
  policy.deny_mode = config::DenyMode::kSnapshot;
  const Result<plan::Plan> plan = Lower(policy, Host());
  ASSERT_TRUE(plan);
  ASSERT_EQ(plan->gaps.size(), 1U);
  EXPECT_EQ(plan->gaps[0].what, "'/w/a/x' does not exist yet; its creation is not prevented");
  EXPECT_EQ(FindOp<plan::Mediate>(*plan), nullptr);
}

TEST(LowerTest, WithoutDenialsOnlyChangesAreMediated) {
  PathRule missing = Rule("/w/.git", Access::kRead, FileKind::kMissing, Origin::kProtected);
  missing.deepest_existing = "/w";
  const Result<plan::Plan> plan =
      Lower(PolicyOf({Rule("/", Access::kRead), Rule("/w", Access::kWrite), missing}), Host());
  ASSERT_TRUE(plan);
  const auto* mediate = FindOp<plan::Mediate>(*plan);
  ASSERT_NE(mediate, nullptr);
  EXPECT_FALSE(mediate->opens);
}

TEST(LowerTest, VeryManyDeniesAreLeftToTheBroker) {
  std::vector<PathRule> rules = {Rule("/", Access::kRead), Rule("/w", Access::kWrite)};
  for (int i = 0; i < 1000; ++i) {
    rules.push_back(Rule("/w/d" + std::to_string(i), Access::kNone, FileKind::kRegular));
  }
  Policy policy = PolicyOf(rules);
  const Result<plan::Plan> plan = Lower(policy, Host());
  ASSERT_TRUE(plan);
  EXPECT_EQ(FindOp<plan::Hide>(*plan), nullptr);
  EXPECT_EQ(plan::Lookup(*plan, "/w/d999"), plan::Outcome::kHidden);
  EXPECT_EQ(plan::Lookup(*plan, "/w/e"), plan::Outcome::kWritable);
  ASSERT_NE(FindOp<plan::Mediate>(*plan), nullptr);
  EXPECT_TRUE(FindOp<plan::Mediate>(*plan)->opens);

  policy.deny_mode = config::DenyMode::kSnapshot;
  const Result<plan::Plan> masked = Lower(policy, Host());
  ASSERT_TRUE(masked);
  EXPECT_NE(FindOp<plan::Hide>(*masked), nullptr);
}

TEST(LowerTest, WhereNothingCanChangeAndNothingIsDeniedNothingIsMediated) {
  const Result<plan::Plan> plan =
      Lower(PolicyOf({Rule("/", Access::kRead), Rule("/a/x", Access::kRead, FileKind::kMissing)}),
            Host());
  ASSERT_TRUE(plan);
  EXPECT_TRUE(plan->gaps.empty());
  EXPECT_EQ(FindOp<plan::Mediate>(*plan), nullptr);
}

TEST(LowerTest, WithoutAReadableDiskTheRootIsPrivate) {
  Policy policy = PolicyOf({Rule("/usr", Access::kRead), Rule("/w", Access::kWrite)});
  policy.links = {{"/bin", "usr/bin"}};
  const Result<plan::Plan> plan = Lower(policy, Host());
  ASSERT_TRUE(plan);
  EXPECT_TRUE(plan::RenderText(*plan).starts_with("start-empty      /  # a private empty root\n"));
  EXPECT_NE(plan::RenderText(*plan).find("link             /bin to=usr/bin\n"), std::string::npos);
  EXPECT_EQ(PathOps(policy), "read-only /usr\nwritable /w\n");
}

TEST(LowerTest, AnotherNameOfADeniedPathIsClosedToo) {
  HostFacts host = Host();
  host.mounts.push_back({2, 1, 1, "/w", "/mnt/w", "ext4"});
  EXPECT_EQ(PathOps(PolicyOf({Rule("/", Access::kRead), Rule("/w", Access::kWrite),
                              Rule("/w/s", Access::kNone)}),
                    host),
            "writable /w\nhide /w/s\nhide /mnt/w/s\n");
}

TEST(LowerTest, InterfacesOfTheKernelInOtherPlacesAreClosed) {
  HostFacts host = Host();
  host.landlock_abi = 6;
  host.kernel_places = {
      {"/w/root/proc/sys/fs/binfmt_misc"}, {"/w/root/proc"}, {"/srv/kmsg", false}};
  const Policy policy = PolicyOf({Rule("/", Access::kRead), Rule("/w", Access::kWrite)});
  EXPECT_EQ(PathOps(policy, host), "writable /w\nhide /srv/kmsg\npin /w/root\nhide /w/root/proc\n");
  const Result<plan::Plan> plan = Lower(policy, host, Means::kNoMounts);
  ASSERT_TRUE(plan);
  const auto* op = FindOp<plan::Mediate>(*plan);
  ASSERT_NE(op, nullptr);
  EXPECT_EQ(op->closed, (std::vector<std::string>{"/srv/kmsg", "/w/root/proc"}));
}

TEST(LowerTest, WhatIsNotShownOfTheKernelNeedsNoMask) {
  HostFacts host = Host();
  host.kernel_places = {{"/srv/root/proc"}};
  EXPECT_EQ(PathOps(PolicyOf({Rule("/w", Access::kWrite)}), host), "writable /w\n");
}

TEST(LowerTest, AnotherNameOfAReadOnlyPathMattersOnlyWhereItCouldBeWritten) {
  HostFacts host = Host();
  host.mounts.push_back({2, 1, 1, "/w", "/mnt/w", "ext4"});
  EXPECT_EQ(PathOps(PolicyOf({Rule("/", Access::kRead), Rule("/w", Access::kWrite),
                              Rule("/w/.git", Access::kRead), Rule("/mnt/w", Access::kWrite)}),
                    host),
            "writable /w\nwritable /mnt/w\nread-only /w/.git\nread-only /mnt/w/.git\n");
}

Policy WithPattern(std::string base, std::string_view pattern, std::string pin_from) {
  Policy policy = PolicyOf({Rule("/", Access::kRead), Rule("/w", Access::kWrite)});
  Result<Glob> glob = Glob::Compile(pattern);
  EXPECT_TRUE(glob);
  policy::PatternRule& rule = policy.patterns.emplace_back();
  rule.base = std::move(base);
  rule.glob = *std::move(glob);
  rule.base_exists = true;
  rule.pin_from = std::move(pin_from);
  rule.given = pattern;
  rule.from = {"c.toml", 2, 1};
  return policy;
}

TEST(LowerTest, PatternsAreAppliedLast) {
  EXPECT_EQ(PathOps(WithPattern("/w", "**/*.env", "/w")), "writable /w\nmatches /w **/*.env\n");
}

TEST(LowerTest, TheFixedPartOfAPatternIsPinned) {
  EXPECT_EQ(PathOps(WithPattern("/w/a/secrets", "*.txt", "/w")),
            "writable /w\npin /w/a\npin /w/a/secrets\nmatches /w/a/secrets *.txt\n");
}

TEST(LowerTest, TheWayToAMatchIsPinnedWhereItsNamesCount) {
  Policy policy = WithPattern("/w", "*/conf/key", "/w");
  policy.patterns[0].matches = {"/w/a/conf/key"};
  EXPECT_EQ(PathOps(policy), "writable /w\npin /w/a\npin /w/a/conf\nmatches /w */conf/key\n");
}

TEST(LowerTest, TheWayToAMatchIsFreeWhereOnlyItsOwnNameCounts) {
  Policy policy = WithPattern("/w", "**/key", "/w");
  policy.patterns[0].matches = {"/w/a/conf/key"};
  EXPECT_EQ(PathOps(policy), "writable /w\nmatches /w **/key\n");
}

TEST(LowerTest, MatchesAreClosedUnderTheirOtherNames) {
  HostFacts host = Host();
  host.mounts.push_back({2, 1, 1, "/w", "/mnt/w", "ext4"});
  host.mounts.push_back({3, 1, 1, "/w/a/b", "/mnt/b", "ext4"});
  Policy policy = WithPattern("/w", "a/**/*.txt", "/w");
  policy.patterns[0].matches = {"/w/a/b/x.txt", "/w/a/y.txt"};
  const Result<plan::Plan> plan = Lower(policy, host);
  ASSERT_TRUE(plan);
  const auto* op = FindOp<plan::HideMatches>(*plan);
  ASSERT_NE(op, nullptr);
  EXPECT_EQ(op->found, (std::vector<std::string>{"/w/a/b/x.txt", "/w/a/y.txt", "/mnt/w/a/b/x.txt",
                                                 "/mnt/w/a/y.txt", "/mnt/b/x.txt"}));
}

TEST(LowerTest, LimitsAreCarriedOver) {
  HostFacts host = Host();
  host.uid = 1000;
  Policy policy = PolicyOf({Rule("/", Access::kRead)});
  policy.limits.processes = {64, {"c.toml", 9, 1}};
  policy.limits.cpu_seconds = {30, {"c.toml", 10, 1}};
  const Result<plan::Plan> plan = Lower(policy, host);
  ASSERT_TRUE(plan);
  const auto* limit = FindOp<plan::Limit>(*plan);
  ASSERT_NE(limit, nullptr);
  EXPECT_EQ(limit->processes, 64U);
  EXPECT_EQ(limit->cpu_seconds, 30U);
  EXPECT_FALSE(limit->open_files);
}

TEST(LowerTest, AProcessLimitIsRefusedForUidZero) {
  Policy policy = PolicyOf({Rule("/", Access::kRead)});
  policy.limits.processes = {64, {"c.toml", 9, 1}};
  EXPECT_EQ(PathOps(policy),
            "refused: c.toml:9:1: limits.processes cannot be enforced for uid 0; remove it, or run "
            "as an ordinary user");
}

Policy WithNetwork() {
  Policy policy = PolicyOf({Rule("/", Access::kRead)});
  policy.network.enabled = true;
  policy.network.enabled_from = {"c.toml", 7, 1};
  return policy;
}

std::string NetworkOps(const Result<plan::Plan>& plan) {
  if (!plan) return "refused: " + ToString(plan.error());
  std::string out;
  for (const plan::Op& op : plan->ops) {
    if (std::holds_alternative<plan::NoNetwork>(op)) out += "none\n";
    if (const auto* proxied = std::get_if<plan::ProxiedNetwork>(&op)) {
      out +=
          (proxied->capture ? "proxied, captured " : "proxied ") + ToString(proxied->from) + "\n";
    }
  }
  return out;
}

TEST(LowerTest, AnEnabledNetworkIsThatOfTheProxy) {
  Policy policy = WithNetwork();
  EXPECT_EQ(NetworkOps(Lower(policy, Host())), "proxied, captured c.toml:7:1\n");
  policy.network.capture = false;
  EXPECT_EQ(NetworkOps(Lower(policy, Host())), "proxied c.toml:7:1\n");
  policy.network.enabled = false;
  EXPECT_EQ(NetworkOps(Lower(policy, Host())), "none\n");
}

TEST(LowerTest, WithoutNamespacesItIsTheSame) {
  HostFacts host = Host();
  host.landlock_abi = 6;
  EXPECT_EQ(NetworkOps(Lower(WithNetwork(), host, Means::kNoMounts)),
            "proxied, captured c.toml:7:1\n");
}

TEST(LowerTest, AWritablePlaceInProcIsRefused) {
  EXPECT_EQ(PathOps(PolicyOf({Rule("/", Access::kRead), Rule("/proc/sys", Access::kWrite)})),
            "refused: c.toml:1:1: '/proc/sys' cannot be writable: /proc is private to the sandbox; "
            "remove the entry");
}

TEST(LowerTest, ARuleForOneProcessIsRefused) {
  EXPECT_EQ(PathOps(PolicyOf({Rule("/", Access::kRead), Rule("/proc/12/environ", Access::kNone)})),
            "refused: c.toml:1:1: '/proc/12/environ' names one process: the sandbox has a /proc of "
            "its own, where the rule would mean nothing; remove the entry");
}

}  // namespace
}  // namespace ambit::plan_linux
