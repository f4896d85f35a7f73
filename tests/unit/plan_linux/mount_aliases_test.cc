#include "plan_linux/mount_aliases.h"

#include <gtest/gtest.h>

namespace ambit::plan_linux {
namespace {

constexpr std::uint64_t kDisk = 1;
constexpr std::uint64_t kOther = 2;

using Names = std::vector<std::string>;

Names NamesOf(const std::vector<MountPoint>& mounts, std::string_view path) {
  Names out;
  for (const Alias& alias : MountAliases(mounts).Of(path)) {
    out.push_back(alias.part.empty() ? alias.path : alias.path + " (" + alias.part + ")");
  }
  return out;
}

TEST(MountAliasesTest, ASingleMountHasNoOtherName) {
  EXPECT_EQ(
      NamesOf({{1, 0, kDisk, "/", "/", "ext4"}, {2, 1, kOther, "/", "/tmp", "tmpfs"}}, "/home/u"),
      Names{});
}

TEST(MountAliasesTest, ABindMountOfAParentShowsThePathBelowIt) {
  EXPECT_EQ(NamesOf({{1, 0, kDisk, "/", "/", "ext4"}, {2, 1, kDisk, "/home", "/mnt/h", "ext4"}},
                    "/home/u/.env"),
            Names{"/mnt/h/u/.env"});
}

TEST(MountAliasesTest, ABindMountOfAChildShowsAPart) {
  EXPECT_EQ(NamesOf({{1, 0, kDisk, "/", "/", "ext4"}, {2, 1, kDisk, "/home/u/d/e", "/x", "ext4"}},
                    "/home/u"),
            Names{"/x (d/e)"});
}

TEST(MountAliasesTest, TheOriginalIsFoundFromTheBindMount) {
  EXPECT_EQ(
      NamesOf({{1, 0, kDisk, "/", "/", "ext4"}, {2, 1, kDisk, "/home/u", "/w", "ext4"}}, "/w/.env"),
      Names{"/home/u/.env"});
}

TEST(MountAliasesTest, ACoveredMountShowsNothing) {
  const std::vector<MountPoint> mounts = {{1, 0, kDisk, "/", "/", "ext4"},
                                          {2, 1, kDisk, "/home", "/mnt/h", "ext4"},
                                          {3, 1, kOther, "/", "/mnt", "tmpfs"}};
  EXPECT_EQ(NamesOf(mounts, "/home/u"), Names{});
}

TEST(MountAliasesTest, TheTopmostOfAStackCounts) {
  const std::vector<MountPoint> mounts = {{1, 0, kDisk, "/", "/", "ext4"},
                                          {2, 1, kDisk, "/home", "/mnt", "ext4"},
                                          {3, 2, kOther, "/", "/mnt", "tmpfs"}};
  EXPECT_EQ(NamesOf(mounts, "/home/u"), Names{});
}

TEST(MountAliasesTest, AnotherDeviceIsAnotherTree) {
  EXPECT_EQ(
      NamesOf({{1, 0, kDisk, "/", "/", "ext4"}, {2, 1, kOther, "/home", "/mnt", "ext4"}}, "/home"),
      Names{});
}

}  // namespace
}  // namespace ambit::plan_linux
