#include "proxy/stream.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>

#include "os/poll_calls.h"

namespace ambit::proxy {
namespace {

class Nobody final : public StreamUser {
 public:
  void OnStream(Stream& /*stream*/) override {}
};

// Closing does not end the kernel's watch while another descriptor leads to the same connection.
TEST(StreamTest, IsNotToldOfAfterItsEnd) {
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
  const os::UniqueFd peer(ends[1]);
  const os::UniqueFd copy(::dup(ends[0]));
  Result<std::unique_ptr<Loop>> loop = Loop::Make();
  ASSERT_TRUE(loop);
  Nobody user;
  std::unique_ptr<Stream> stream = Stream::Make(**loop, os::UniqueFd(ends[0]), user);
  ASSERT_NE(stream, nullptr);
  std::array<os::Readiness, 4> ready;
  ASSERT_EQ(os::Poll((*loop)->poll(), ready, 0), 1);  // it can be written to
  stream.reset();
  ASSERT_EQ(::write(peer.get(), "x", 1), 1);
  EXPECT_EQ(os::Poll((*loop)->poll(), ready, 0), 0);
}

}  // namespace
}  // namespace ambit::proxy
