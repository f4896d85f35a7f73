#include "cli/refusal_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/fake_file_view.h"

namespace ambit::cli {
namespace {

using testing::HasSubstr;
using testing_support::FakeFileView;

constexpr const char* kConfig = "/home/ann/.config/ambit/config.toml";
constexpr const char* kProfile = R"([permissions.w]
extends = ":workspace"
[permissions.w.filesystem]
"/srv" = "write"
"/srv/closed" = "deny"
"/srv/shown" = "read"
[permissions.w.filesystem.":workspace_roots"]
"**/*.env" = "deny"
)";

FakeFileView Disk() {
  return FakeFileView()
      .File(kConfig, kProfile)
      .File("/work/.git/config")
      .File("/work/a.env")
      .File("/srv/closed/x")
      .File("/srv/shown/x")
      .Dir("/tmp")
      .Dir("/bin");
}

struct World {
  FakeFileView files = Disk();
  Loaded loaded;
};

World Load(const std::string& requirements = "") {
  World out;
  if (!requirements.empty()) out.files.File("/etc/ambit/requirements.toml", requirements);
  const Surroundings around{
      .environment = {"HOME=/home/ann"}, .directory = "/work", .uid = 1000, .host_name = "h"};
  StepTimer timer;
  Result<Loaded> loaded = LoadPolicy({.profile = "w"}, around, out.files, timer);
  EXPECT_TRUE(loaded) << (loaded ? "" : loaded.error().message);
  if (loaded) out.loaded = *std::move(loaded);
  return out;
}

audit::Denial Denied(const World& world, std::string operation, const std::string& path,
                     const std::string& decider = "") {
  run::Refusal refusal{std::move(operation), path, {}, {}};
  refusal.decision = policy::Decide(world.loaded.policy, decider.empty() ? path : decider);
  return Describe(world.loaded, refusal, world.files);
}

TEST(RefusalTextTest, PatternIsNamedWithItsLine) {
  const audit::Denial denial = Denied(Load(), "open", "/work/a.env");
  EXPECT_EQ(denial.layer, "filesystem");
  EXPECT_EQ(denial.operation, "open");
  EXPECT_EQ(denial.object, "/work/a.env");
  EXPECT_EQ(denial.rule, std::string(kConfig) + ":8");
  EXPECT_THAT(denial.reason, HasSubstr("pattern ':workspace_roots/**/*.env' = \"deny\""));
  EXPECT_EQ(denial.grant, "");
  EXPECT_THAT(denial.advice, HasSubstr("narrow or remove the pattern"));
  EXPECT_TRUE(denial.grant_permitted);
}

TEST(RefusalTextTest, GrantIsWhatExplainSays) {
  const audit::Denial denial = Denied(Load(), "open", "/work/.git/config");
  EXPECT_EQ(denial.rule, "<built-in>");
  EXPECT_EQ(denial.grant, "[permissions.w.filesystem]\n\"/work/.git/config\" = \"write\"\n");
  EXPECT_EQ(denial.advice, "add to the profile 'w'");
}

struct OpenCase {
  const char* name;
  const char* operation;
  const char* path;
  const char* granted;
};
class WantedTest : public testing::TestWithParam<OpenCase> {};

TEST_P(WantedTest, NoMoreIsGrantedThanWasNeeded) {
  const OpenCase& c = GetParam();
  const audit::Denial denial = Denied(Load(), c.operation, c.path);
  EXPECT_THAT(denial.grant + denial.advice, HasSubstr(c.granted));
}

INSTANTIATE_TEST_SUITE_P(
    Calls, WantedTest,
    testing::Values(
        OpenCase{"OpenWhatCannotBeRead", "open", "/srv/closed/x", "\"/srv/closed/x\" = \"read\""},
        OpenCase{"OpenWhatCanBeReadAlready", "open", "/srv/shown/x",
                 "\"/srv/shown/x\" = \"write\""},
        OpenCase{"OpenWhatIsNotThere", "open", "/srv/closed/new", "'/srv/closed' = \"deny\""},
        OpenCase{"Execute", "execute", "/srv/closed/x", "\"/srv/closed/x\" = \"read\""},
        OpenCase{"Remove", "remove", "/srv/closed/x", "\"/srv/closed/x\" = \"write\""},
        OpenCase{"Create", "create", "/srv/shown/new", "to \"write\""}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(RefusalTextTest, DirectoryAboveARuleNeedsTheRuleChanged) {
  // To move the directory is refused for what lies in it, not for itself.
  const audit::Denial denial = Denied(Load(), "rename", "/srv", "/srv/shown");
  EXPECT_EQ(denial.object, "/srv");
  EXPECT_EQ(denial.rule, std::string(kConfig) + ":6");
  EXPECT_THAT(denial.advice, HasSubstr("'/srv/shown' = \"read\""));
  EXPECT_THAT(denial.advice, HasSubstr("to \"write\""));
}

TEST(RefusalTextTest, RequirementThatForbidsTheGrantIsTold) {
  const World world = Load("[permissions.filesystem]\ndeny_read = [\"/srv/shown/x\"]\n");
  const audit::Denial denial = Denied(world, "open", "/srv/shown/x");
  EXPECT_FALSE(denial.grant_permitted);
  EXPECT_EQ(denial.grant, "");
  EXPECT_EQ(denial.rule, "/etc/ambit/requirements.toml:2");
  EXPECT_THAT(denial.advice, HasSubstr("only who sets the requirements can change that"));
}

TEST(RefusalTextTest, WhatNoRuleCoversHasNoPlace) {
  const audit::Denial denial = Denied(Load(), "open", "not a path");
  EXPECT_EQ(denial.rule, "");
  EXPECT_THAT(denial.reason, HasSubstr("no rule covers it"));
}

}  // namespace
}  // namespace ambit::cli
