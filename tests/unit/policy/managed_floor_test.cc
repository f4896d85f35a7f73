#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "policy/resolve_fixture.h"

namespace ambit::policy {
namespace {

struct Row {
  const char* name;
  std::function<Given()> setup;
  std::vector<std::pair<const char*, const char*>> want;
};
class FloorTest : public testing::TestWithParam<Row> {};
TEST_P(FloorTest, NothingReopensIt) {
  const Given setup = GetParam().setup();
  for (const auto& [path, access] : GetParam().want) {
    EXPECT_EQ(AccessOf(setup, path), access) << path;
  }
}

INSTANTIATE_TEST_SUITE_P(
    Ways, FloorTest,
    testing::Values(
        Row{"Plain",
            [] { return Given().Workspace().Managed("/w/d").Managed("~/.ssh"); },
            {{"/w/d/b", "deny"}, {"/home/u/.ssh/id", "deny"}, {"/w/a", "write"}}},
        Row{"DotDotIsFolded",
            [] { return Given().Workspace().Managed("/w/e/../d"); },
            {{"/w/d/b", "deny"}}},
        Row{"WorkspaceRootItself",
            [] { return Given().Workspace().Managed("/w"); },
            {{"/w/a", "deny"}, {"/w", "deny"}, {"/w/.git", "deny"}, {"/usr/bin/id", "read"}}},
        Row{"ScopedEntryForTheSamePathLoses",
            [] {
              return Given().Workspace().Dir("/w/d").InRoots("d", kGrantWrite).Managed("/w/d");
            },
            {{"/w/d/b", "deny"}, {"/w/a", "write"}}},
        Row{"ScopedBelowAnAbsoluteBaseForTheSamePathLoses",
            [] {
              return Given().Workspace().Dir("/w/d").Scoped("/w", "d", kGrantWrite).Managed("/w/d");
            },
            {{"/w/d/b", "deny"}}},
        Row{"DeeperScopedGrant",
            [] {
              return Given().Workspace().Dir("/w/d/s").InRoots("d/s", kGrantWrite).Managed("/w/d");
            },
            {{"/w/d/s/k", "deny"}, {"/w/d/b", "deny"}}},
        Row{"StartedInside",
            [] { return Given().Workspace().Dir("/s/in").Cwd("/s/in").Managed("/s"); },
            {{"/s/in/g", "deny"}, {"/s/f", "deny"}}},
        Row{"TmpInside", [] { return Given().Workspace().Managed("/tmp"); }, {{"/tmp/f", "deny"}}},
        Row{"StartedThroughALink",
            [] {
              return Given()
                  .Workspace()
                  .Dir("/s/real")
                  .Link("/s/lk", "real")
                  .Cwd("/s/lk")
                  .Managed("/s/real/x");
            },
            {{"/s/real/x", "deny"}, {"/s/real/t", "write"}}},
        Row{"GrantThroughALink",
            [] {
              return Given()
                  .ReadOnly()
                  .Dir("/s/real/in")
                  .Link("/l", "/s/real/in")
                  .Entry("/l", kGrantWrite)
                  .Managed("/s/real");
            },
            {{"/s/real/in/x", "deny"}}},
        Row{"Pattern",
            [] { return Given().Workspace().Depth(1).Managed("/w/**/*.env"); },
            {{"/w/d/e/x.env", "deny"}, {"/w/x.env", "deny"}, {"/w/x", "write"}}},
        Row{"PatternOverTheWholeDisk",
            [] { return Given().Workspace().Managed("/**/*.env"); },
            {{"/w/d/x.env", "deny"}, {"/etc/x.env", "deny"}, {"/w/x", "write"}}}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(FloorTest, GrantsInsideLeaveNoRule) {
  const Result<Policy> policy =
      Given().Workspace().Dir("/w/d/s").InRoots("d/s", kGrantWrite).Managed("/w/d").Resolve();
  ASSERT_TRUE(policy);
  EXPECT_FALSE(policy->HasRule("/w/d/s"));
  EXPECT_FALSE(policy->HasRule("/w/d/s/.git"));
  const Decision decision = Explain(*policy, "/w/d/s/k");
  EXPECT_EQ(decision.rule->origin, Origin::kManaged);
  ASSERT_FALSE(decision.beaten.empty());
  EXPECT_EQ(decision.beaten[0]->path, "/w/d/s");
}

struct RefusalRow {
  const char* name;
  std::function<Given()> setup;
  const char* want;
};
class FloorRefusalTest : public testing::TestWithParam<RefusalRow> {};
TEST_P(FloorRefusalTest, NamesGrantAndFloor) {
  EXPECT_EQ(RefusalOf(GetParam().setup()), GetParam().want);
}

constexpr const char* kMustBeAbsolute =
    " in the administrator's deny_read is neither absolute nor home-relative; begin it with '/' or "
    "'~/'";

INSTANTIATE_TEST_SUITE_P(
    OpenGrants, FloorRefusalTest,
    testing::Values(
        RefusalRow{
            "SamePath",
            [] { return Given().Workspace().Dir("/d").Entry("/d", kGrantWrite).Managed("/d"); },
            "config.toml:17:1: '/d' in profile 'p' grants 'write' inside what the "
            "administrator's deny_read closes with '/d' (requirements.toml:3:14); remove "
            "it"},
        RefusalRow{
            "Below",
            [] { return Given().Minimal().Dir("/d/s").Entry("/d/s", kGrantRead).Managed("/d"); },
            "config.toml:11:1: '/d/s' in profile 'p' grants 'read' inside what the "
            "administrator's deny_read closes with '/d' (requirements.toml:3:14); remove "
            "it"},
        RefusalRow{"BelowAndMissing",
                   [] { return Given().Minimal().Entry("~/s/x", kGrantWrite).Managed("~/s"); },
                   "config.toml:11:1: '~/s/x' in profile 'p' grants 'write' inside what the "
                   "administrator's deny_read closes with '~/s' (requirements.toml:3:14); remove "
                   "it"},
        RefusalRow{
            "ScopedBelowAnAbsoluteBase",
            [] {
              return Given().Workspace().Dir("/d/s").Scoped("/", "d/s", kGrantWrite).Managed("/d");
            },
            "config.toml:17:1: '/d/s' in profile 'p' grants 'write' inside what the "
            "administrator's deny_read closes with '/d' (requirements.toml:3:14); remove "
            "it"},
        RefusalRow{"ScopedAtOneAndBelowAnother",
                   [] {
                     return Given()
                         .Minimal()
                         .Dir("/d/s")
                         .Scoped("/d", "s", kGrantRead)
                         .Managed("/d/s")
                         .Managed("/d");
                   },
                   "config.toml:11:1: '/d/s' in profile 'p' grants 'read' inside what the "
                   "administrator's deny_read closes with '/d' (requirements.toml:3:14); remove "
                   "it"},
        RefusalRow{"MatchedByAPattern",
                   [] {
                     return Given()
                         .Minimal()
                         .File("/d/x.env")
                         .Entry("/d/x.env", kGrantRead)
                         .Managed("/d/**/*.env");
                   },
                   "config.toml:11:1: '/d/x.env' in profile 'p' grants 'read' inside what the "
                   "administrator's deny_read closes with '/d/**/*.env' (requirements.toml:3:14); "
                   "remove it"},
        RefusalRow{"WorkspaceRoot",
                   [] { return Given().Workspace().Dir("/d/s").Root("/d/s").Managed("/d"); },
                   "config.toml:17:1: '/d/s' in profile 'p' makes a workspace root of what the "
                   "administrator's deny_read closes with '/d' (requirements.toml:3:14); remove "
                   "it"},
        RefusalRow{"WorkspaceRootWithoutAccess",
                   [] { return Given().ReadOnly().Dir("/d/s").Root("/d/s").Managed("/d"); },
                   "accepted"},
        RefusalRow{"Above",
                   [] { return Given().ReadOnly().Entry("/w", kGrantWrite).Managed("/w/d"); },
                   "accepted"}),
    [](const auto& test) { return std::string(test.param.name); });

class ManagedFormTest : public testing::TestWithParam<const char*> {};
TEST_P(ManagedFormTest, IsRefused) {
  EXPECT_EQ(RefusalOf(Given().Workspace().Managed(GetParam())),
            "requirements.toml:3:14: '" + std::string(GetParam()) + "'" + kMustBeAbsolute);
}
INSTANTIATE_TEST_SUITE_P(Forms, ManagedFormTest,
                         testing::Values("d", "./d", "**/*.env", ":workspace_roots", "", "~bob/x"));

TEST(ManagedHomeTest, HomeOfTheAccountStaysClosedWhateverHomeSays) {
  for (const char* home : {"/home/u", "/home/u/", "/gone", "relative", ""}) {
    Given setup;
    setup.Workspace().Dir("/home/u/.ssh").Managed("~/.ssh").Managed("~/**/*.key");
    setup.around().home = home;
    setup.around().account_home = "/home/u";
    EXPECT_EQ(AccessOf(setup, "/home/u/.ssh/id"), "deny") << home;
    EXPECT_EQ(AccessOf(setup, "/home/u/x/y.key"), "deny") << home;
    EXPECT_EQ(AccessOf(setup, "/home/u/x"), "read") << home;
  }
}

TEST(ManagedHomeTest, BothHomesAreClosed) {
  Given setup;
  setup.Workspace().Dir("/home/u/.ssh").Dir("/home/v/.ssh").Managed("~/.ssh");
  setup.around().home = "/home/v";
  setup.around().account_home = "/home/u";
  EXPECT_EQ(AccessOf(setup, "/home/u/.ssh/id"), "deny");
  EXPECT_EQ(AccessOf(setup, "/home/v/.ssh/id"), "deny");
}

}  // namespace
}  // namespace ambit::policy
