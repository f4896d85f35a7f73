#include "cli/smallest_change.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/load.h"
#include "support/fake_file_view.h"

namespace ambit::cli {
namespace {

using testing::HasSubstr;
using testing_support::FakeFileView;

constexpr const char* kUserConfig = "/home/ann/.config/ambit/config.toml";

FakeFileView Disk() {
  return FakeFileView()
      .File("/work/p/src/a.c")
      .File("/work/p/.env")
      .File("/work/p/sub/.env")
      .File("/work/p/closed/in/x")
      .File("/work/p/.git/config")
      .File("/work/p/odd[1].txt")
      .File("/home/ann/.ssh/id")
      .File("/srv/data/set")
      .File("/usr/bin/env")
      .Dir("/tmp");
}

Loaded LoadFrom(const FakeFileView& files, const std::string& profile) {
  const Surroundings around{
      .environment = {"HOME=/home/ann"}, .directory = "/work/p", .uid = 1000, .host_name = "h"};
  StepTimer timer;
  Result<Loaded> loaded = LoadPolicy({.profile = profile}, around, files, timer);
  EXPECT_TRUE(loaded) << (loaded ? "" : ToString(loaded.error()));
  return loaded ? *std::move(loaded) : Loaded{};
}

struct Outcome {
  bool allowed = false;
  Change change;
};

Outcome OutcomeOf(const Loaded& loaded, const FakeFileView& files, const std::string& path,
                  bool write) {
  const Result<RealPath> real = ResolveRealPath(files, path);
  EXPECT_TRUE(real);
  const policy::Decision decision = policy::Explain(loaded.policy, real->path);
  return {decision.access >= (write ? policy::Access::kWrite : policy::Access::kRead),
          SmallestChange(loaded.selected, loaded.policy, decision, *real, write)};
}

// Whatever lines are proposed, adding them does turn the answer round.

struct FlipCase {
  const char* name;
  const char* config;
  const char* profile;
  const char* path;
  bool write;
  bool allowed;
};
class FlipTest : public testing::TestWithParam<FlipCase> {};

constexpr const char* kWork = R"(
[permissions.w]
extends = ":workspace"
[permissions.w.filesystem]
"/home/ann/.ssh" = "deny"
[permissions.w.filesystem.":workspace_roots"]
"closed" = "deny"
)";
constexpr const char* kNarrow = R"(
[permissions."n 1".filesystem]
":minimal" = "read"
":workspace_roots" = "read"
)";

TEST_P(FlipTest, ProposedLinesTurnTheAnswerRound) {
  const FlipCase& c = GetParam();
  FakeFileView files = Disk().File(kUserConfig, c.config);
  const Outcome before = OutcomeOf(LoadFrom(files, c.profile), files, c.path, c.write);
  EXPECT_EQ(before.allowed, c.allowed);
  ASSERT_TRUE(before.change.possible) << before.change.text;
  ASSERT_NE(before.change.toml, "") << before.change.text;

  files.File("/etc/ambit/config.toml", before.change.toml);
  const bool own = before.change.toml.find("extends") != std::string::npos;
  const Outcome after =
      OutcomeOf(LoadFrom(files, own ? "my-profile" : c.profile), files, c.path, c.write);
  EXPECT_NE(after.allowed, c.allowed) << before.change.toml;
}

INSTANTIATE_TEST_SUITE_P(
    Questions, FlipTest,
    testing::Values(
        FlipCase{"WriteOutside", "", ":workspace", "/srv/data/set", true, false},
        FlipCase{"WriteInside", "", ":workspace", "/work/p/src/a.c", true, true},
        FlipCase{"ReadInside", "", ":workspace", "/work/p/src/a.c", false, true},
        FlipCase{"WriteTheRootItself", "", ":workspace", "/work/p", true, true},
        FlipCase{"WriteSlashTmp", "", ":workspace", "/tmp", true, true},
        FlipCase{"BelowMissingMetadata", "", ":workspace", "/work/p/.codex/x", true, false},
        FlipCase{"ProtectedMetadata", "", ":workspace", "/work/p/.git/config", true, false},
        FlipCase{"ProtectedDirectory", "", ":workspace", "/work/p/.git", true, false},
        FlipCase{"MissingMetadata", "", ":workspace", "/work/p/.codex", true, false},
        FlipCase{"ReadOnlyProfile", "", ":read-only", "/work/p/src/a.c", true, false},
        FlipCase{"OwnProfile", kWork, "w", "/srv/data/set", true, false},
        FlipCase{"BelowADeny", kWork, "w", "/work/p/closed/in/x", false, false},
        FlipCase{"BelowADenyWrite", kWork, "w", "/work/p/closed/in", true, false},
        FlipCase{"BelowADenyHome", kWork, "w", "/home/ann/.ssh/id", false, false},
        FlipCase{"MissingFile", kWork, "w", "/srv/data/new/file", true, false},
        FlipCase{"NameToBeQuoted", kNarrow, "n 1", "/srv/data/set", false, false},
        FlipCase{"PatternCharactersDenied", kWork, "w", "/work/p/odd[1].txt", false, true}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(SmallestChangeTest, ExactRuleOfTheUserIsChangedInPlace) {
  const FakeFileView files = Disk().File(kUserConfig, kWork);
  const Outcome asked = OutcomeOf(LoadFrom(files, "w"), files, "/home/ann/.ssh", false);
  EXPECT_FALSE(asked.allowed);
  EXPECT_EQ(asked.change.toml, "");
  EXPECT_THAT(asked.change.text, HasSubstr("'/home/ann/.ssh' = \"deny\""));
  EXPECT_THAT(asked.change.text, HasSubstr(std::string(kUserConfig) + ":5"));
  EXPECT_THAT(asked.change.text, HasSubstr("to \"read\""));
}

TEST(SmallestChangeTest, PatternIsNotReopenedByAnEntry) {
  const FakeFileView files = Disk().File(kUserConfig, R"(
[permissions.w]
extends = ":workspace"
[permissions.w.filesystem.":workspace_roots"]
"**/*.env" = "deny"
)");
  const Outcome asked = OutcomeOf(LoadFrom(files, "w"), files, "/work/p/sub/.env", false);
  EXPECT_FALSE(asked.allowed);
  EXPECT_TRUE(asked.change.possible);
  EXPECT_EQ(asked.change.toml, "");
  EXPECT_THAT(asked.change.text, HasSubstr("**/*.env"));
  EXPECT_THAT(asked.change.text, HasSubstr(std::string(kUserConfig) + ":5"));
}

TEST(SmallestChangeTest, ManagedDenyCannotBeChangedByTheUser) {
  for (const char* deny : {"/home/ann/.ssh", "/home/ann/**/id"}) {
    const FakeFileView files =
        Disk().File("/etc/ambit/requirements.toml",
                    "[permissions.filesystem]\ndeny_read = [\"" + std::string(deny) + "\"]\n");
    const Outcome asked =
        OutcomeOf(LoadFrom(files, ":workspace"), files, "/home/ann/.ssh/id", false);
    EXPECT_FALSE(asked.allowed) << deny;
    EXPECT_FALSE(asked.change.possible) << deny;
    EXPECT_TRUE(asked.change.managed) << deny;
    EXPECT_THAT(asked.change.text, HasSubstr("/etc/ambit/requirements.toml:2")) << deny;
  }
}

TEST(SmallestChangeTest, NameWithPatternCharactersCannotBeGrantedAlone) {
  const FakeFileView files = Disk().File(kUserConfig, R"(
[permissions.w]
extends = ":workspace"
[permissions.w.filesystem.":workspace_roots"]
"odd*" = "deny"
[permissions.r]
extends = ":read-only"
)");
  const Outcome asked = OutcomeOf(LoadFrom(files, "r"), files, "/work/p/odd[1].txt", true);
  EXPECT_FALSE(asked.allowed);
  EXPECT_FALSE(asked.change.possible);
  EXPECT_FALSE(asked.change.managed);
}

TEST(SmallestChangeTest, WithoutASandboxOnlyAnotherProfileHelps) {
  const FakeFileView files = Disk();
  const Outcome asked =
      OutcomeOf(LoadFrom(files, ":danger-full-access"), files, "/etc/shadow", true);
  EXPECT_TRUE(asked.allowed);
  EXPECT_THAT(asked.change.text, HasSubstr("-P :workspace"));
}

}  // namespace
}  // namespace ambit::cli
