#include "os/inherited_calls.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
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

// The kernel names them by their number, which has nine digits on a host that made many.
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

TEST(LeadsToDiskTest, DevicesOfMemory) {
  const UniqueFd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  ASSERT_TRUE(null.valid());
  EXPECT_FALSE(LeadsToDisk(null.get()));
}

}  // namespace
}  // namespace ambit::os
