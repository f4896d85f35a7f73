#include "proxy/socks5.h"

#include <gtest/gtest.h>

#include <string>

namespace ambit::proxy::socks5 {
namespace {

std::string Bytes(std::initializer_list<int> values) {
  std::string bytes;
  for (const int value : values) bytes += static_cast<char>(value);
  return bytes;
}

std::string ForName(const std::string& name, int command = 1) {
  return Bytes({5, command, 0, 3, static_cast<int>(name.size())}) + name + Bytes({0x01, 0xbb});
}

TEST(GreetingTest, LooksForNoAuthentication) {
  EXPECT_EQ(ParseGreeting(Bytes({5})).state, State::kMore);
  EXPECT_EQ(ParseGreeting(Bytes({5, 2, 0})).state, State::kMore);
  const Greeting greeting = ParseGreeting(Bytes({5, 2, 2, 0, 5}));
  EXPECT_EQ(greeting.state, State::kDone);
  EXPECT_EQ(greeting.size, 4U);
  EXPECT_TRUE(greeting.offers_none);
  EXPECT_FALSE(ParseGreeting(Bytes({5, 1, 2})).offers_none);
  EXPECT_EQ(ParseGreeting(Bytes({4, 1, 0, 80})).state, State::kClose);
  EXPECT_EQ(ParseGreeting("GET / HTTP/1.1").state, State::kClose);
}

TEST(RequestTest, ReadsNamesAndAddresses) {
  Request request = ParseRequest(ForName("example.com") + "more");
  EXPECT_EQ(request.state, State::kDone);
  EXPECT_EQ(request.host, "example.com");
  EXPECT_EQ(request.port, 443);
  EXPECT_EQ(request.size, 18U);
  request = ParseRequest(Bytes({5, 1, 0, 1, 93, 184, 216, 34, 0, 80}));
  EXPECT_EQ(request.host, "93.184.216.34");
  EXPECT_EQ(request.port, 80);
  request =
      ParseRequest(Bytes({5, 1, 0, 4, 0x20, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 80}));
  EXPECT_EQ(request.state, State::kDone);
  EXPECT_EQ(request.host, "[2001:0:0:0:0:0:0:1]");
}

TEST(RequestTest, NeedsEveryByte) {
  const std::string bytes = ForName("example.com");
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_EQ(ParseRequest(std::string_view(bytes).substr(0, size)).state, State::kMore) << size;
  }
}

TEST(RequestTest, ClosesOnNamesThatAreNone) {
  for (const std::string& name :
       {std::string(), std::string("a\0b", 3), std::string("a b"), std::string("a\r\nb"),
        std::string("a:80"), std::string("::1"), std::string("[::1]"), std::string("a\tb"),
        std::string("a%b"), std::string("a\xc3\xbc"), std::string(254, 'a')}) {
    EXPECT_EQ(ParseRequest(ForName(name)).state, State::kClose) << name;
  }
  EXPECT_EQ(ParseRequest(Bytes({4, 1, 0, 1, 1, 2, 3, 4, 0, 80})).state, State::kClose);
  EXPECT_EQ(ParseRequest(Bytes({5, 1, 1, 1, 1, 2, 3, 4, 0, 80})).state, State::kClose);
}

TEST(RequestTest, AnswersWhatItDoesNotDo) {
  EXPECT_EQ(ParseRequest(ForName("h", 2)).reply, Reply::kCommandUnsupported);
  EXPECT_EQ(ParseRequest(ForName("h", 3)).reply, Reply::kCommandUnsupported);
  EXPECT_EQ(ParseRequest(ForName("h", 9)).state, State::kReply);
  EXPECT_EQ(ParseRequest(Bytes({5, 1, 0, 2, 1, 2, 3, 4, 0, 80})).reply, Reply::kAddressUnsupported);
}

TEST(ReplyTest, CarriesTheAddress) {
  EXPECT_EQ(MakeReply(Reply::kNotAllowed), Bytes({5, 2, 0, 1, 0, 0, 0, 0, 0, 0}));
  EXPECT_EQ(MakeReply(Reply::kSucceeded, Bytes({127, 0, 0, 1}), 258),
            Bytes({5, 0, 0, 1, 127, 0, 0, 1, 1, 2}));
  EXPECT_EQ(MakeReply(Reply::kSucceeded, std::string(16, 'x'), 1),
            Bytes({5, 0, 0, 4}) + std::string(16, 'x') + Bytes({0, 1}));
}

}  // namespace
}  // namespace ambit::proxy::socks5
