#include "proxy/response_head.h"

#include <gtest/gtest.h>

#include <string>

namespace ambit::proxy {
namespace {

std::optional<HeadError> Parse(std::string_view bytes, ResponseHead& head) {
  std::size_t scanned = 0;
  const HeadEnd end = FindHeadEnd(bytes, scanned);
  if (end.error) return end.error;
  return ParseResponseHead(bytes.substr(0, end.size), HeadLimits{}, head);
}

struct Case {
  const char* name;
  const char* bytes;
  int status;
  const char* method;
  Framing framing;
  bool keeps_alive;
};
class ResponseTest : public testing::TestWithParam<Case> {};

TEST_P(ResponseTest, SaysHowTheBodyEnds) {
  ResponseHead head;
  const auto error = Parse(GetParam().bytes, head);
  ASSERT_FALSE(error) << error->text;
  EXPECT_EQ(head.status, GetParam().status);
  EXPECT_EQ(head.FramingFor(GetParam().method), GetParam().framing);
  EXPECT_EQ(head.KeepsAlive(), GetParam().keeps_alive);
}

INSTANTIATE_TEST_SUITE_P(
    Framings, ResponseTest,
    testing::Values(
        Case{"Length", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", 200, "GET", Framing::kLength,
             true},
        Case{"Chunked", "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n", 200, "GET",
             Framing::kChunked, true},
        Case{"UntilClose", "HTTP/1.1 200 OK\r\n\r\n", 200, "GET", Framing::kUntilClose, true},
        Case{"Head", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", 200, "HEAD", Framing::kNone,
             true},
        Case{"NoContent", "HTTP/1.1 204 No Content\r\n\r\n", 204, "GET", Framing::kNone, true},
        Case{"NotModified", "HTTP/1.1 304 x\r\nContent-Length: 5\r\n\r\n", 304, "GET",
             Framing::kNone, true},
        Case{"Close", "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", 200, "GET",
             Framing::kUntilClose, false},
        Case{"OldVersion", "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", 200, "GET",
             Framing::kLength, false},
        Case{"NoReason", "HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", 200, "GET", Framing::kLength,
             true}),
    [](const auto& test) { return std::string(test.param.name); });

struct Bad {
  const char* name;
  const char* bytes;
};
class BadResponseTest : public testing::TestWithParam<Bad> {};

TEST_P(BadResponseTest, IsRefused) {
  ResponseHead head;
  EXPECT_TRUE(Parse(GetParam().bytes, head));
}

INSTANTIATE_TEST_SUITE_P(
    Rows, BadResponseTest,
    testing::Values(
        Bad{"LengthAndCoding",
            "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"},
        Bad{"TwoLengths", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n"},
        Bad{"OtherCoding", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n"},
        Bad{"Version2", "HTTP/2.0 200 OK\r\n\r\n"}, Bad{"ShortStatus", "HTTP/1.1 20 OK\r\n\r\n"},
        Bad{"LongStatus", "HTTP/1.1 2000 OK\r\n\r\n"}, Bad{"Status0", "HTTP/1.1 000 OK\r\n\r\n"},
        Bad{"SshBanner", "SSH-2.0-OpenSSH_9\r\n\r\n"},
        Bad{"BareFeed", "HTTP/1.1 200 OK\nContent-Length: 0\n\n"},
        Bad{"Folding", "HTTP/1.1 200 OK\r\nX: a\r\n b\r\n\r\n"}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(ResponseHeadTest, BecomesAWebSocketOnlyWhenItSaysSo) {
  ResponseHead head;
  ASSERT_FALSE(Parse("HTTP/1.1 101 S\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n", head));
  EXPECT_TRUE(head.BecomesWebSocket());
  ASSERT_FALSE(Parse("HTTP/1.1 101 S\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n", head));
  EXPECT_FALSE(head.BecomesWebSocket());
  ASSERT_FALSE(Parse("HTTP/1.1 200 S\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n", head));
  EXPECT_FALSE(head.BecomesWebSocket());
}

TEST(ResponseHeadTest, TellsInterimResponses) {
  ResponseHead head;
  ASSERT_FALSE(Parse("HTTP/1.1 103 Early Hints\r\n\r\n", head));
  EXPECT_TRUE(head.IsInterim());
  ASSERT_FALSE(Parse("HTTP/1.1 101 x\r\n\r\n", head));
  EXPECT_FALSE(head.IsInterim());
}

}  // namespace
}  // namespace ambit::proxy
