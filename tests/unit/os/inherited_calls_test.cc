#include "os/inherited_calls.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/landlock.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "os/unique_fd.h"

namespace ambit::os {
namespace {

TEST(LeadsToDiskTest, FilesAndDirectories) {
  const UniqueFd directory(::open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  ASSERT_TRUE(directory.valid());
  EXPECT_TRUE(LeadsToDisk(directory.get()));
  const UniqueFd place(::open("/", O_PATH | O_CLOEXEC));
  ASSERT_TRUE(place.valid());
  EXPECT_TRUE(LeadsToDisk(place.get()));
}

// The kernel names them by their number, which has nine digits or more on a host that made many.
TEST(LeadsToDiskTest, PipesAndSockets) {
  int pipe[2];
  ASSERT_EQ(::pipe2(pipe, O_CLOEXEC), 0);
  int sockets[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets), 0);
  for (const int fd : {pipe[0], pipe[1], sockets[0], sockets[1]}) {
    const UniqueFd owner(fd);
    EXPECT_FALSE(LeadsToDisk(fd));
  }
}

// Their names are longer than those of pipes and sockets are on a host that made few.
TEST(LeadsToDiskTest, ObjectsOfTheKernel) {
  const UniqueFd event(::eventfd(0, EFD_CLOEXEC));
  ASSERT_TRUE(event.valid());
  EXPECT_FALSE(LeadsToDisk(event.get()));
}

// "anon_inode:[landlock-ruleset]" is as long as the name of the socket with the highest number.
TEST(LeadsToDiskTest, ObjectsWithTheLongestNames) {
  landlock_ruleset_attr rights{};
  rights.handled_access_fs = LANDLOCK_ACCESS_FS_EXECUTE;
  const UniqueFd rules(
      static_cast<int>(::syscall(SYS_landlock_create_ruleset, &rights, sizeof rights, 0)));
  if (!rules.valid()) GTEST_SKIP() << "this kernel has no Landlock";
  EXPECT_FALSE(LeadsToDisk(rules.get()));
}

TEST(LeadsToDiskTest, DevicesOfMemory) {
  const UniqueFd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  ASSERT_TRUE(null.valid());
  EXPECT_FALSE(LeadsToDisk(null.get()));
}

}  // namespace
}  // namespace ambit::os
