#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "cli/command.h"
#include "cli/exit_status.h"
#include "cli/load.h"
#include "os/disk_view.h"

namespace ambit::cli {
namespace {

using testing::HasSubstr;

constexpr const char* kDeny =
    "[permissions.p.filesystem]\n\":workspace_roots\" = { \"secret\" = \"deny\" }\n";

/// A project and a user's configuration on the real disk.
class TrustTest : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/ambit-trust-XXXXXX";
    ASSERT_NE(::mkdtemp(name), nullptr);
    base_ = name;
    std::filesystem::create_directories(base_ + "/repo/.git");
    std::filesystem::create_directories(base_ + "/repo/sub/.ambit");
    Write("/repo/.ambit/config.toml", kDeny);
    Write("/repo/secret", "");
    Write("/home/config.toml", "[permissions.p]\nextends = \":workspace\"\n");
  }
  void TearDown() override { std::filesystem::remove_all(base_); }

  void Write(const std::string& path, const std::string& text) const {
    std::filesystem::create_directories(std::filesystem::path(base_ + path).parent_path());
    std::ofstream(base_ + path) << text;
  }

  [[nodiscard]] Options For(const std::string& directory) const {
    Options options;
    options.word = base_ + directory;
    options.policy.config_home = base_ + "/home";
    return options;
  }

  /// Runs one of the two commands; what it printed is in `said_`.
  int Do(int (*command)(const Options&), const std::string& directory) {
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    const int status = command(For(directory));
    said_ = testing::internal::GetCapturedStdout() + testing::internal::GetCapturedStderr();
    return status;
  }

  /// Whether a command in the project is kept from what only the project's file denies.
  [[nodiscard]] bool ProjectCounts() const {
    PolicyOptions options = For("").policy;
    options.profile = "p";
    options.directory = base_ + "/repo";
    StepTimer timer;
    const auto loaded = LoadPolicy(options, CurrentSurroundings(), os::DiskView(), timer);
    EXPECT_TRUE(loaded) << ToString(loaded.error());
    return loaded &&
           policy::Decide(loaded->policy, base_ + "/repo/secret").access == policy::Access::kNone;
  }

  std::string base_;
  std::string said_;
};

TEST_F(TrustTest, FileCountsUntilItChangesOrIsForgotten) {
  EXPECT_FALSE(ProjectCounts());
  EXPECT_EQ(Do(Trust, "/repo"), kSuccess);
  EXPECT_THAT(said_, HasSubstr("trusted: " + base_ + "/repo/.ambit/config.toml (sha256 "));
  EXPECT_TRUE(ProjectCounts());

  Write("/repo/.ambit/config.toml", std::string(kDeny) + "# changed\n");
  EXPECT_FALSE(ProjectCounts());
  EXPECT_EQ(Do(Trust, "/repo"), kSuccess);
  EXPECT_TRUE(ProjectCounts());

  EXPECT_EQ(Do(Untrust, "/repo"), kSuccess);
  EXPECT_THAT(said_, HasSubstr("forgotten: "));
  EXPECT_FALSE(ProjectCounts());
  EXPECT_EQ(Do(Untrust, "/repo"), kSuccess);
  EXPECT_THAT(said_, HasSubstr("nothing to forget"));
}

TEST_F(TrustTest, DirectoryBelowBringsTheFilesAboveIt) {
  Write("/repo/sub/.ambit/config.toml", "");
  EXPECT_EQ(Do(Trust, "/repo/sub"), kSuccess);
  EXPECT_THAT(said_, HasSubstr("/repo/.ambit/config.toml"));
  EXPECT_THAT(said_, HasSubstr("/repo/sub/.ambit/config.toml"));
  EXPECT_TRUE(ProjectCounts());
}

TEST_F(TrustTest, ForgettingADirectoryForgetsAllBelowIt) {
  Write("/repo/sub/.ambit/config.toml", "");
  EXPECT_EQ(Do(Trust, "/repo/sub"), kSuccess);
  EXPECT_EQ(Do(Untrust, "/repo"), kSuccess);
  EXPECT_THAT(said_, HasSubstr("/repo/sub/.ambit/config.toml"));
  EXPECT_FALSE(ProjectCounts());
}

TEST_F(TrustTest, NothingToTrustIsRefused) {
  std::filesystem::create_directories(base_ + "/empty");
  EXPECT_EQ(Do(Trust, "/empty"), kRefused);
  EXPECT_THAT(said_, HasSubstr("brings no configuration along"));
  EXPECT_EQ(Do(Trust, "/missing"), kRefused);
  EXPECT_THAT(said_, HasSubstr("is not a directory"));
}

TEST_F(TrustTest, FileWithAMistakeIsNotRecorded) {
  Write("/repo/.ambit/config.toml", "[permissions.p]\nextend = \"x\"\n");
  EXPECT_EQ(Do(Trust, "/repo"), kRefused);
  EXPECT_THAT(said_, HasSubstr("config.toml:2:1: unknown key 'extend'"));
  EXPECT_FALSE(std::filesystem::exists(base_ + "/home/trusted_projects.toml"));
}

}  // namespace
}  // namespace ambit::cli
