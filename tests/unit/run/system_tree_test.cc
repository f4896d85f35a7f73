#include "run/system_tree.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>
#include <string>

namespace ambit::run {
namespace {

policy::PathRule Rule(const std::string& path, policy::Access access) {
  policy::PathRule out;
  out.path = out.given = out.deepest_existing = path;
  out.access = access;
  return out;
}

policy::Policy WithRule(const std::string& path, policy::Access access) {
  policy::Policy out;
  out.rules = {Rule("/", policy::Access::kRead), Rule(path, access)};
  out.Reindex();
  return out;
}

/// 0, or what Open() says.
int TryOpen(const policy::Policy& policy, const char* path) {
  const Mediation mediation;
  const os::UniqueFd found(SystemTree(Gate(policy, mediation)).Open(path, O_RDONLY));
  return found.valid() ? 0 : found.get();
}

TEST(SystemTreeTest, OpensWhatItFindsWithoutLeavingTheTree) {
  const policy::Policy policy = WithRule("/srv", policy::Access::kWrite);
  for (const char* path : {"/usr/bin/env", "/usr//bin/../bin/./env", "/usr/", "/usr/bin/"}) {
    EXPECT_EQ(TryOpen(policy, path), 0) << path;
  }
  EXPECT_EQ(TryOpen(policy, "/usr/bin/no such file"), -ENOENT);
  for (const char* path : {"/usr/../etc/passwd", "/usr/bin/../../etc/passwd", "/etc/passwd", "/",
                           "/usr", "/usrx", "usr/bin/env", ""}) {
    EXPECT_EQ(TryOpen(policy, path), -EXDEV) << path;
  }
}

TEST(SystemTreeTest, OnlyWhereNothingIsClosed) {
  constexpr const char* kProgram = "/usr/bin/env";
  EXPECT_EQ(TryOpen(WithRule("/usr/share", policy::Access::kRead), kProgram), 0);
  EXPECT_EQ(TryOpen(WithRule("/usr/share/x", policy::Access::kNone), kProgram), -EXDEV);
  EXPECT_EQ(TryOpen(WithRule("/usr", policy::Access::kNone), kProgram), -EXDEV);
  policy::Policy policy = WithRule("/srv", policy::Access::kWrite);
  policy::PatternRule pattern;
  pattern.base = "/";
  pattern.glob = *Glob::Compile("**/*.env");
  policy.patterns = {pattern};
  EXPECT_EQ(TryOpen(policy, kProgram), -EXDEV);
}

TEST(SystemTreeTest, NamesBesideItAreThoseOfLinksThatStay) {
  char target[32];
  if (::readlink("/bin", target, sizeof target) < 0) GTEST_SKIP() << "/bin is no link here";
  EXPECT_EQ(TryOpen(WithRule("/srv", policy::Access::kWrite), "/bin/env"), 0);
  EXPECT_EQ(TryOpen(WithRule("/bin", policy::Access::kNone), "/bin/env"), -EXDEV);
  // The link itself is not what it leads to.
  EXPECT_EQ(TryOpen(WithRule("/srv", policy::Access::kWrite), "/bin"), -EXDEV);
  const policy::Policy policy = WithRule("/srv", policy::Access::kWrite);
  Mediation mediation;
  mediation.below = {"/"};
  const SystemTree changeable(Gate(policy, mediation));
  EXPECT_EQ(changeable.Open("/bin/env", O_RDONLY), -EXDEV);
}

}  // namespace
}  // namespace ambit::run
