#include "cli/policy_hash.h"

#include <gtest/gtest.h>

#include "cli/load.h"
#include "support/fake_file_view.h"

namespace ambit::cli {
namespace {

using testing_support::FakeFileView;

constexpr const char* kConfig = "/home/ann/.config/ambit/config.toml";
constexpr const char* kProfile =
    "[permissions.w]\nextends = \":workspace\"\n[permissions.w.filesystem]\n\"/srv\" = \"write\"\n"
    "[permissions.w.filesystem.\":workspace_roots\"]\n\"**/*.env\" = \"deny\"\n";

FakeFileView Disk() { return FakeFileView().Dir("/work").Dir("/srv").Dir("/tmp").Dir("/bin"); }

policy::Policy PolicyOf(const FakeFileView& files, PolicyOptions options = {}) {
  if (!options.profile) options.profile = "w";
  const Surroundings around{
      .environment = {"HOME=/home/ann"}, .directory = "/work", .uid = 1000, .host_name = "h"};
  StepTimer timer;
  Result<Loaded> loaded = LoadPolicy(options, around, files, timer);
  EXPECT_TRUE(loaded) << (loaded ? "" : loaded.error().message);
  return loaded ? std::move(loaded->policy) : policy::Policy{};
}

const std::string kBase = CanonicalText(PolicyOf(Disk().File(kConfig, kProfile)));

TEST(PolicyHashTest, TextIsTheInterface) {
  EXPECT_EQ(kBase.substr(0, kBase.find("environment")),
            "policy 1\n"
            "profile 'w'\n"
            "start in '/work'\n"
            "path '/' read entry\n"
            "path '/srv' write entry\n"
            "path '/srv/.agents' read protected\n"
            "path '/srv/.ambit' read protected\n"
            "path '/srv/.aws' read protected\n"
            "path '/srv/.codex' read protected\n"
            "path '/srv/.git' read protected\n"
            "path '/tmp' write entry\n"
            "path '/tmp/.agents' read protected\n"
            "path '/tmp/.ambit' read protected\n"
            "path '/tmp/.aws' read protected\n"
            "path '/tmp/.codex' read protected\n"
            "path '/tmp/.git' read protected\n"
            "path '/work' write entry\n"
            "path '/work/.agents' read entry\n"
            "path '/work/.ambit' read protected\n"
            "path '/work/.aws' read protected\n"
            "path '/work/.codex' read entry\n"
            "path '/work/.git' read entry\n"
            "pattern '**/*.env' below '/work' from '/work' depth any entry\n"
            "writable root '/srv'\n"
            "writable root '/tmp'\n"
            "writable root '/work'\n"
            "deny_mode live\n"
            "network off\n");
  EXPECT_NE(kBase.find("\nenvironment all exclude ['*TOKEN*', "), std::string::npos);
  EXPECT_TRUE(kBase.ends_with("] include []\n"));
}

TEST(PolicyHashTest, HashIsOfTheText) {
  const std::string hash = PolicyHash(PolicyOf(Disk().File(kConfig, kProfile)));
  EXPECT_EQ(hash.size(), 64U);
  EXPECT_EQ(hash, PolicyHash(PolicyOf(Disk().File(kConfig, kProfile))));
}

TEST(PolicyHashTest, WhereItIsWrittenAndWhatLiesOnTheDiskDoNotCount) {
  const FakeFileView moved = Disk()
                                 .File("/work/a.env")
                                 .File("/srv/x")
                                 .File("/etc/ambit/config.toml", std::string("\n# c\n") + kProfile);
  EXPECT_EQ(CanonicalText(PolicyOf(moved)), kBase);
}

TEST(PolicyHashTest, FileOfEventsDoesNotCount) {
  const FakeFileView files = Disk().File(kConfig, kProfile).File("/work/ev1");
  const policy::Policy policy = PolicyOf(files, {.events_file = "/work/ev1"});
  ASSERT_EQ(policy::Decide(policy, "/work/ev1").access, policy::Access::kRead);
  EXPECT_EQ(CanonicalText(policy), kBase);
}

TEST(PolicyHashTest, EveryKindOfRuleCounts) {
  const std::string base(kProfile);
  for (const std::string& more : {
           std::string("[permissions.w.workspace_roots]\n\"/srv/more\" = true\n"),
           std::string("[permissions.w.environment]\ninherit = \"core\"\n"),
           std::string("[permissions.w.environment]\nset = { A = \"1\" }\n"),
           std::string("[permissions.w.limits]\nopen_files = 100\n"),
       }) {
    const FakeFileView files = Disk().Dir("/srv/more").File(kConfig, base + more);
    EXPECT_NE(CanonicalText(PolicyOf(files)), kBase) << more;
  }
  std::string other = base;
  other.replace(other.find("\"write\""), 7, "\"deny\"");
  EXPECT_NE(CanonicalText(PolicyOf(Disk().File(kConfig, other))), kBase);
  other = base;
  other.replace(other.find("*.env"), 5, "*.key");
  EXPECT_NE(CanonicalText(PolicyOf(Disk().File(kConfig, other))), kBase);
}

TEST(PolicyHashTest, WithoutASandboxNothingElseCounts) {
  EXPECT_EQ(CanonicalText(PolicyOf(Disk(), {.profile = ":danger-full-access"})),
            "policy 1\nprofile ':danger-full-access'\nno sandbox\n");
}

}  // namespace
}  // namespace ambit::cli
