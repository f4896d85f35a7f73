#include "cli/environment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ambit::cli {
namespace {

using testing::ElementsAre;

TEST(LookupTest, FirstOfSeveralCounts) {
  const std::vector<std::string> environment = {"A=1", "HOME=/home/u", "HOME=/elsewhere"};
  EXPECT_EQ(Lookup(environment, "HOME"), "/home/u");
}

TEST(LookupTest, NamesAreComparedInFull) {
  const std::vector<std::string> environment = {"HOMEDIR=/x", "HOM=/y", "NOVALUE"};
  EXPECT_EQ(Lookup(environment, "HOME"), std::nullopt);
  EXPECT_EQ(Lookup(environment, "NOVALUE"), std::nullopt);
}

TEST(LookupTest, EmptyIsSet) {
  const std::vector<std::string> environment = {"TMPDIR="};
  EXPECT_EQ(Lookup(environment, "TMPDIR"), "");
}

TEST(SetVariableTest, ReplacesEveryEarlierValue) {
  std::vector<std::string> environment = {"PWD=/a", "PWDX=/keep", "PWD=/b"};
  SetVariable(environment, "PWD", "/c");
  EXPECT_THAT(environment, ElementsAre("PWDX=/keep", "PWD=/c"));
}

}  // namespace
}  // namespace ambit::cli
