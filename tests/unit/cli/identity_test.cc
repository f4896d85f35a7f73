#include "cli/identity.h"

#include <gtest/gtest.h>

namespace ambit::cli {
namespace {

constexpr const char* kPasswd =
    "root:x:0:0:root:/root:/bin/bash\n"
    "\n"
    "broken line\n"
    "daemon:x:1:1::/usr/sbin:/usr/sbin/nologin\n"
    "ann:x:1000:1000:Ann,,,:/home/ann:/bin/sh";

TEST(HomeFromPasswdTest, FindsTheUserById) {
  EXPECT_EQ(HomeFromPasswd(kPasswd, 0), "/root");
  EXPECT_EQ(HomeFromPasswd(kPasswd, 1000), "/home/ann");
}

TEST(HomeFromPasswdTest, UnknownUserHasNone) {
  EXPECT_EQ(HomeFromPasswd(kPasswd, 100), "");
  EXPECT_EQ(HomeFromPasswd("", 0), "");
}

constexpr const char* kHosts =
    "127.0.0.1\tlocalhost\n"
    "# 127.0.1.1 wrong.example build\n"
    "127.0.1.1 build7.corp.example build7 # ours\n"
    "10.0.0.2 short alias.example other\n";

TEST(QualifiedHostNameTest, TakesTheNameWithADotFromItsLine) {
  EXPECT_EQ(QualifiedHostName(kHosts, "build7"), "build7.corp.example");
  EXPECT_EQ(QualifiedHostName(kHosts, "short"), "alias.example");
}

TEST(QualifiedHostNameTest, KeepsWhatIsQualifiedOrUnknown) {
  EXPECT_EQ(QualifiedHostName(kHosts, "build7.other.example"), "build7.other.example");
  EXPECT_EQ(QualifiedHostName(kHosts, "build"), "build");
  EXPECT_EQ(QualifiedHostName(kHosts, "localhost"), "localhost");
  EXPECT_EQ(QualifiedHostName(kHosts, "ours"), "ours");
}

}  // namespace
}  // namespace ambit::cli
