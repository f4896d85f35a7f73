#include "os/internet_calls.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

namespace ambit::os {
namespace {

TEST(ConnectToOurselvesTest, BytesPassBothWays) {
  for (const int family : {AF_INET, AF_INET6}) {
    const UniqueFd socket(::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!socket.valid()) continue;  // a kernel without IPv6
    UniqueFd other;
    ASSERT_EQ(ConnectToOurselves(socket.get(), other), 0);
    char got = 0;
    ASSERT_EQ(::write(socket.get(), "a", 1), 1);
    ASSERT_EQ(::fcntl(other.get(), F_SETFL, 0), 0);
    ASSERT_EQ(::read(other.get(), &got, 1), 1);
    EXPECT_EQ(got, 'a');
    ASSERT_EQ(::write(other.get(), "b", 1), 1);
    ASSERT_EQ(::read(socket.get(), &got, 1), 1);
    EXPECT_EQ(got, 'b');
  }
}

TEST(ConnectToOurselvesTest, TheSocketWaitsOrNotAsBefore) {
  for (const int flag : {0, int{SOCK_NONBLOCK}}) {
    const UniqueFd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | flag, 0));
    UniqueFd other;
    ASSERT_EQ(ConnectToOurselves(socket.get(), other), 0);
    EXPECT_EQ(::fcntl(socket.get(), F_GETFL) & O_NONBLOCK, flag != 0 ? O_NONBLOCK : 0);
    EXPECT_NE(::fcntl(other.get(), F_GETFL) & O_NONBLOCK, 0);
    EXPECT_NE(::fcntl(other.get(), F_GETFD) & FD_CLOEXEC, 0);
  }
}

TEST(ConnectToOurselvesTest, AConnectionThatIsThereStays) {
  const UniqueFd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  UniqueFd first;
  UniqueFd second;
  ASSERT_EQ(ConnectToOurselves(socket.get(), first), 0);
  EXPECT_EQ(ConnectToOurselves(socket.get(), second), -EISCONN);
  EXPECT_FALSE(second.valid());
  EXPECT_EQ(::send(socket.get(), "a", 1, MSG_NOSIGNAL), 1);
}

TEST(ConnectToOurselvesTest, TheOtherEndIsThatOfTheSocketAlone) {
  const UniqueFd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  UniqueFd other;
  ASSERT_EQ(ConnectToOurselves(socket.get(), other), 0);
  sockaddr_in peer{};
  socklen_t size = sizeof peer;
  ASSERT_EQ(::getpeername(other.get(), reinterpret_cast<sockaddr*>(&peer), &size), 0);
  EXPECT_EQ(ntohs(peer.sin_port), LocalPort(socket.get()));
  // The port of the moment is gone.
  ASSERT_EQ(::getpeername(socket.get(), reinterpret_cast<sockaddr*>(&peer), &size), 0);
  const UniqueFd stranger(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  EXPECT_EQ(::connect(stranger.get(), reinterpret_cast<const sockaddr*>(&peer), size), -1);
  EXPECT_EQ(errno, ECONNREFUSED);
}

TEST(AcceptFromTest, WhoeverElseHasComeIsHungUpOn) {
  const UniqueFd listener(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  sockaddr_in here{};
  here.sin_family = AF_INET;
  here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof here;
  auto* const address = reinterpret_cast<sockaddr*>(&here);
  ASSERT_EQ(::bind(listener.get(), address, size), 0);
  ASSERT_EQ(::listen(listener.get(), 16), 0);
  ASSERT_EQ(::getsockname(listener.get(), address, &size), 0);
  const UniqueFd stranger(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const UniqueFd own(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  ASSERT_EQ(::connect(stranger.get(), address, size), 0);
  ASSERT_EQ(::connect(own.get(), address, size), 0);
  UniqueFd accepted;
  ASSERT_EQ(AcceptFrom(listener.get(), LocalPort(own.get()), accepted), 0);
  ASSERT_EQ(::getpeername(accepted.get(), address, &size), 0);
  ASSERT_EQ(ntohs(here.sin_port), LocalPort(own.get()));
  char got = 0;
  EXPECT_LE(::read(stranger.get(), &got, 1), 0);
}

}  // namespace
}  // namespace ambit::os
