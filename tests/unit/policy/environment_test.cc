#include "policy/environment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace ambit::policy {
namespace {

using Strings = std::vector<std::string>;

Strings Keep(const config::EnvironmentTable& table, const Strings& variables,
             Strings* dropped = nullptr) {
  return FilterEnvironment(MakeEnvironmentPolicy(table), variables, dropped);
}

struct Row {
  const char* pattern;
  const char* name;
  bool want;
};
class MatchesNameTest : public testing::TestWithParam<Row> {};
TEST_P(MatchesNameTest, IgnoresCase) {
  EXPECT_EQ(MatchesName(GetParam().pattern, GetParam().name), GetParam().want)
      << GetParam().pattern << " on " << GetParam().name;
}
INSTANTIATE_TEST_SUITE_P(Names, MatchesNameTest,
                         testing::Values(Row{"*TOKEN*", "GITHUB_TOKEN", true},
                                         Row{"*TOKEN*", "token", true},
                                         Row{"*TOKEN*", "TOKE", false}, Row{"AWS_*", "AWS_", true},
                                         Row{"AWS_*", "MY_AWS_X", false},
                                         Row{"ENV", "ENVIRONMENT", false}, Row{"ENV", "env", true},
                                         Row{"A?C", "abc", true}, Row{"A?C", "ac", false},
                                         Row{"*", "", true}, Row{"", "", true}, Row{"", "a", false},
                                         Row{"*a*b", "xaxbxb", true}, Row{"*a*b", "xaxbx", false}));

TEST(FilterEnvironmentTest, LeavesSecretsOutWhateverIsIncluded) {
  config::EnvironmentTable table;
  table.include.push_back({"T*", {}});
  EnvironmentPolicy policy = MakeEnvironmentPolicy(table);
  policy.secrets = {"TOK"};
  Strings dropped;
  EXPECT_EQ(FilterEnvironment(policy, Strings{"TOK=x", "TOKEN=y"}, &dropped), Strings{"TOKEN=y"});
  EXPECT_EQ(dropped, Strings{"TOK"});
}

class DefaultExcludeTest : public testing::TestWithParam<const char*> {};
TEST_P(DefaultExcludeTest, IsLeftOut) {
  Strings dropped;
  EXPECT_TRUE(Keep({}, {std::string(GetParam()) + "=x"}, &dropped).empty());
  EXPECT_THAT(dropped, testing::ElementsAre(GetParam()));
}
INSTANTIATE_TEST_SUITE_P(Names, DefaultExcludeTest,
                         testing::Values("GITHUB_TOKEN", "my_secret", "OPENAI_API_KEY",
                                         "DB_PASSWORD", "GOOGLE_APPLICATION_CREDENTIALS",
                                         "AWS_PROFILE", "SSH_AUTH_SOCK", "DBUS_SESSION_BUS_ADDRESS",
                                         "LD_PRELOAD", "BASH_ENV", "ENV", "GCONV_PATH",
                                         "GIT_SSH_COMMAND", "GIT_CONFIG_COUNT", "NODE_OPTIONS",
                                         "PYTHONSTARTUP", "BASH_FUNC_ls%%"));

class DefaultKeepTest : public testing::TestWithParam<const char*> {};
TEST_P(DefaultKeepTest, IsKept) {
  EXPECT_EQ(Keep({}, {std::string(GetParam()) + "=x"}).size(), 1U);
}
INSTANTIATE_TEST_SUITE_P(Names, DefaultKeepTest,
                         testing::Values("PATH", "HOME", "LANG", "TERM", "EDITOR", "CC",
                                         "GIT_AUTHOR_NAME", "PYTHONPATH", "TMPDIR", "OLDPWD"));

TEST(FilterEnvironmentTest, CoreKeepsOnlyWhatEveryProgramExpects) {
  config::EnvironmentTable table;
  table.inherit = {config::EnvironmentInherit::kCore, {}};
  EXPECT_THAT(Keep(table, {"PATH=/bin", "LC_ALL=C", "EDITOR=vi", "LANGUAGE=de"}),
              testing::ElementsAre("PATH=/bin", "LC_ALL=C"));
}

TEST(FilterEnvironmentTest, NoneKeepsOnlyWhatIsSet) {
  config::EnvironmentTable table;
  table.inherit = {config::EnvironmentInherit::kNone, {}};
  table.include.push_back({"PATH", {}});
  table.set["B"] = {"2", {}};
  table.set["A"] = {"a=b", {}};
  EXPECT_THAT(Keep(table, {"PATH=/bin"}), testing::ElementsAre("A=a=b", "B=2"));
}

TEST(FilterEnvironmentTest, ListsAddToTheDefaults) {
  config::EnvironmentTable table;
  table.exclude.push_back({"CC", {}});
  table.include.push_back({"npm_token", {}});
  Strings dropped;
  EXPECT_THAT(Keep(table, {"CC=gcc", "NPM_TOKEN=t", "MY_TOKEN=t", "X=1"}, &dropped),
              testing::ElementsAre("NPM_TOKEN=t", "X=1"));
  EXPECT_THAT(dropped, testing::ElementsAre("CC", "MY_TOKEN"));
}

TEST(FilterEnvironmentTest, DefaultsCanBeSwitchedOff) {
  config::EnvironmentTable table;
  table.default_excludes = {false, {}};
  EXPECT_THAT(Keep(table, {"MY_TOKEN=t"}), testing::ElementsAre("MY_TOKEN=t"));
}

TEST(FilterEnvironmentTest, SetReplacesAndIsNotADrop) {
  config::EnvironmentTable table;
  table.set["MY_TOKEN"] = {"dummy", {}};
  Strings dropped;
  EXPECT_THAT(Keep(table, {"MY_TOKEN=real"}, &dropped), testing::ElementsAre("MY_TOKEN=dummy"));
  EXPECT_TRUE(dropped.empty());
}

TEST(FilterEnvironmentTest, EachNameOnceAndNothingMalformed) {
  Strings dropped;
  EXPECT_THAT(Keep({}, {"A=1", "A=2", "noequals", "=x"}, &dropped), testing::ElementsAre("A=1"));
  EXPECT_THAT(dropped, testing::ElementsAre("noequals", ""));
}

}  // namespace
}  // namespace ambit::policy
