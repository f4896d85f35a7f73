#include "os/file_write.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>
#include <string>

#include "os/disk_view.h"

namespace ambit::os {
namespace {

class ReplaceFileTest : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/ambit-file-write-XXXXXX";
    ASSERT_NE(::mkdtemp(name), nullptr);
    base_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(base_); }

  static std::string Content(const std::string& path) {
    const auto text = DiskView().ReadFile(path, 1U << 20);
    return text ? *text : text.error().message;
  }
  static unsigned Mode(const std::string& path) {
    struct stat info {};
    return ::lstat(path.c_str(), &info) == 0 ? info.st_mode & 07777 : 0;
  }
  [[nodiscard]] std::size_t Names() const {
    const auto names = DiskView().ListDirectory(base_);
    return names ? names->size() : 0;
  }

  std::string base_;
};

TEST_F(ReplaceFileTest, MakesTheFileAndItsDirectories) {
  const std::string path = base_ + "/a/b/file";
  ASSERT_TRUE(ReplaceFile(path, "one\n"));
  EXPECT_EQ(Content(path), "one\n");
  EXPECT_EQ(Mode(path), 0600U);
  EXPECT_EQ(Mode(base_ + "/a/b"), 0700U);
}

TEST_F(ReplaceFileTest, LeavesNothingElseBehind) {
  const std::string path = base_ + "/file";
  ASSERT_TRUE(ReplaceFile(path, "a longer text than the next"));
  ::chmod(path.c_str(), 0666);
  ASSERT_TRUE(ReplaceFile(path, "two"));
  EXPECT_EQ(Content(path), "two");
  EXPECT_EQ(Mode(path), 0600U);
  EXPECT_EQ(Names(), 1U);
}

TEST_F(ReplaceFileTest, ReplacesALinkInsteadOfFollowingIt) {
  const std::string other = base_ + "/other", path = base_ + "/file";
  ASSERT_TRUE(ReplaceFile(other, "kept"));
  std::filesystem::create_symlink(other, path);
  ASSERT_TRUE(ReplaceFile(path, "new"));
  EXPECT_EQ(Content(other), "kept");
  EXPECT_FALSE(std::filesystem::is_symlink(path));
}

TEST_F(ReplaceFileTest, FailureKeepsWhatWasThere) {
  std::filesystem::create_directory(base_ + "/directory");
  const auto result = ReplaceFile(base_ + "/directory", "text");
  ASSERT_FALSE(result);
  EXPECT_NE(result.error().message.find("directory'"), std::string::npos);
  EXPECT_TRUE(std::filesystem::is_directory(base_ + "/directory"));
  EXPECT_EQ(Names(), 1U);
}

}  // namespace
}  // namespace ambit::os
