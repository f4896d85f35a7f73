#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "cli/command.h"
#include "cli/exit_status.h"

namespace ambit::cli {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

/// A user's configuration on the real disk, and a directory to start in.
class CheckTest : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/ambit-check-XXXXXX";
    ASSERT_NE(::mkdtemp(name), nullptr);
    base_ = name;
    std::filesystem::create_directories(base_ + "/repo");
    options_.policy.config_home = base_;
    options_.policy.directory = base_ + "/repo";
  }
  void TearDown() override { std::filesystem::remove_all(base_); }

  int Do(const std::string& configuration) {
    std::ofstream(base_ + "/config.toml") << configuration;
    testing::internal::CaptureStdout();
    const int status = Check(options_);
    said_ = testing::internal::GetCapturedStdout();
    return status;
  }

  std::string base_;
  std::string said_;
  Options options_;
};

TEST_F(CheckTest, SoundConfigurationIsOk) {
  EXPECT_EQ(Do("default_permissions = \"p\"\n[permissions.p]\nextends = \":read-only\"\n"),
            kSuccess);
  EXPECT_THAT(said_, HasSubstr("\n* p                    can be enforced on this host\n"));
  EXPECT_THAT(said_, HasSubstr("\n0 errors, 0 warnings; 0 keys widen access\n"));
  EXPECT_THAT(said_, HasSubstr("\nok: profile 'p' (default_permissions at " + base_));
}

TEST_F(CheckTest, WarningsAreNoFailure) {
  EXPECT_EQ(Do("[permissions.q]\nextends = \"nobody\"\n[permissions.p]\nextends = \":read-only\"\n"
               "[permissions.p.environment]\ndefault_excludes = false\n"),
            kNegative);  // Nothing is selected.
  options_.policy.profile = "p";
  EXPECT_EQ(Do("[permissions.q]\nextends = \"nobody\"\n[permissions.p]\nextends = \":read-only\"\n"
               "[permissions.p.environment]\ndefault_excludes = false\n"),
            kSuccess);
  EXPECT_THAT(said_,
              StartsWith(base_ + "/config.toml:2:11: warning: profile 'q' extends 'nobody'"));
  EXPECT_THAT(said_, HasSubstr("\n- q                    refused: "));
  EXPECT_THAT(said_, HasSubstr("\n0 errors, 2 warnings; 1 key widens access\n"));
}

TEST_F(CheckTest, ProblemsComeInTheOrderOfTheirPlaces) {
  EXPECT_EQ(Do("b = 1\n[permissions.p]\nz = 1\na = 2\nextends = 3\n"), kNegative);
  const auto z = said_.find(base_ + "/config.toml:3:1: error: unknown key 'z'");
  const auto a = said_.find(base_ + "/config.toml:4:1: error: unknown key 'a'");
  const auto extends = said_.find(base_ + "/config.toml:5:11: error: 'extends'");
  ASSERT_NE(extends, std::string::npos) << said_;
  EXPECT_LT(z, a);
  EXPECT_LT(a, extends);
  EXPECT_THAT(said_, Not(HasSubstr("ok: ")));
}

TEST_F(CheckTest, NamesCannotWriteToTheTerminal) {
  EXPECT_EQ(Do("[permissions.\"\\u001b[31m\\n\"]\nx = 1\n"), kNegative);
  EXPECT_THAT(said_, Not(HasSubstr("\x1b")));
  EXPECT_THAT(said_, HasSubstr("\\x1b[31m\\n"));
}

TEST_F(CheckTest, JsonHoldsTheSame) {
  options_.json = true;
  EXPECT_EQ(Do("[permissions.p]\nz = 1\n"), kNegative);
  EXPECT_THAT(said_, StartsWith("{\"v\":1,\"ok\":false,\"profile\":null,\"widening_keys\":0,"));
  EXPECT_THAT(said_, HasSubstr("{\"severity\":\"error\",\"file\":\"" + base_ +
                               "/config.toml\",\"line\":2,\"column\":1,\"message\":\"unknown key"));
  EXPECT_THAT(said_, HasSubstr("{\"name\":\":read-only\",\"default\":false,\"enforceable\":true,"
                               "\"refused\":null,\"gaps\":[]}"));
}

}  // namespace
}  // namespace ambit::cli
