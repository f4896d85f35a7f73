#include "os/secret_memory.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace ambit::os {
namespace {

std::string EnvironOf(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/environ", std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(SecretMemoryTest, HoldsATextThatNobodyChanges) {
  const std::string text("secret\0\n with all bytes", 23);
  const auto fd = HoldSecret(text);
  ASSERT_TRUE(fd) << fd.error().message;
  for (int i = 0; i < 2; ++i) {
    const auto back = ReadHeldSecret(fd->get());
    ASSERT_TRUE(back) << back.error().message;
    EXPECT_EQ(back->view(), text);
  }
  EXPECT_LT(::pwrite(fd->get(), "x", 1, 0), 0);
  EXPECT_NE(::ftruncate(fd->get(), 1), 0);
  EXPECT_EQ(::fcntl(fd->get(), F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
}

TEST(SecretMemoryTest, HoldsNothingAtAll) {
  const auto fd = HoldSecret("");
  ASSERT_TRUE(fd);
  EXPECT_TRUE(ReadHeldSecret(fd->get())->empty());
}

class SecretFileTest : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/ambit-secret-XXXXXX";
    ASSERT_NE(::mkdtemp(name), nullptr);
    base_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(base_); }
  std::string Refusal(const std::string& path, std::size_t limit = 10) const {
    const auto text = ReadSecretFile(path, limit);
    return text ? "" : text.error().message;
  }
  std::string base_;
};

TEST_F(SecretFileTest, IsReadAsItIs) {
  const std::string path = base_ + "/s";
  std::ofstream(path) << " 12345678\n";
  const auto text = ReadSecretFile(path, 10);
  ASSERT_TRUE(text) << text.error().message;
  EXPECT_EQ(text->view(), " 12345678\n");
  EXPECT_EQ(Refusal(path, 9), "'" + path + "' is larger than 9 bytes");
}

TEST_F(SecretFileTest, IsARegularFile) {
  EXPECT_EQ(Refusal(base_), "'" + base_ + "' is not a regular file");
  EXPECT_EQ(Refusal(base_ + "/none"),
            "cannot open '" + base_ + "/none': No such file or directory");
  ASSERT_EQ(::mkfifo((base_ + "/fifo").c_str(), 0600), 0);
  EXPECT_EQ(Refusal(base_ + "/fifo"), "'" + base_ + "/fifo' is not a regular file");
}

/// A process that was started with the variable, for only its first environment shows in /proc.
TEST(WipeVariableTest, LeavesNoValueWhereTheKernelShowsIt) {
  if (::getenv("AMBIT_TEST_WIPE") != nullptr) {
    ASSERT_NE(EnvironOf(::getpid()).find("the-value-itself"), std::string::npos);
    WipeVariable("AMBIT_TEST_WIP");
    EXPECT_NE(EnvironOf(::getpid()).find("the-value-itself"), std::string::npos);
    WipeVariable("AMBIT_TEST_WIPE");
    EXPECT_EQ(EnvironOf(::getpid()).find("the-value-itself"), std::string::npos);
    EXPECT_NE(EnvironOf(::getpid()).find("AMBIT_TEST_WIPE_TOO=kept"), std::string::npos);
    EXPECT_STREQ(::getenv("AMBIT_TEST_WIPE"), "");
    return;
  }
  const pid_t pid = ::fork();
  ASSERT_GE(pid, 0);
  if (pid == 0) {
    const char* const environment[] = {"AMBIT_TEST_WIPE=the-value-itself",
                                       "AMBIT_TEST_WIPE_TOO=kept", nullptr};
    const char* const argv[] = {"unit_os", "--gtest_filter=WipeVariableTest.*", nullptr};
    ::execve("/proc/self/exe", const_cast<char* const*>(argv),
             const_cast<char* const*>(environment));
    ::_exit(99);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(pid, &status, 0), pid);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
}

}  // namespace
}  // namespace ambit::os
