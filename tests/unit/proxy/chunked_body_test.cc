#include "proxy/chunked_body.h"

#include <gtest/gtest.h>

#include <string>

namespace ambit::proxy {
namespace {

struct Read {
  std::string body;
  std::size_t used = 0;
  ChunkedBody::State state = ChunkedBody::State::kMore;
};

/// Reads `bytes` in pieces of `piece` bytes.
Read ReadIn(std::string_view bytes, std::size_t piece) {
  ChunkedBody chunked;
  Read read;
  while (read.used < bytes.size()) {
    std::string_view part = bytes.substr(read.used, piece);
    while (!part.empty()) {
      const ChunkedBody::Step step = chunked.Next(part);
      read.body += step.data;
      read.used += step.used;
      read.state = step.state;
      part.remove_prefix(step.used);
      if (step.state == ChunkedBody::State::kDone || step.state == ChunkedBody::State::kBad) {
        return read;
      }
    }
  }
  return read;
}

struct Case {
  const char* name;
  const char* bytes;
  const char* body;
  ChunkedBody::State state;
};
class ChunkedTest : public testing::TestWithParam<Case> {};

TEST_P(ChunkedTest, ReadsTheSameInEveryCut) {
  const std::string_view bytes = GetParam().bytes;
  for (std::size_t piece = 1; piece <= bytes.size(); ++piece) {
    const Read read = ReadIn(bytes, piece);
    EXPECT_EQ(read.state, GetParam().state) << piece;
    EXPECT_EQ(read.body, GetParam().body) << piece;
  }
}

constexpr auto kDone = ChunkedBody::State::kDone;
constexpr auto kBad = ChunkedBody::State::kBad;
constexpr auto kMore = ChunkedBody::State::kMore;
INSTANTIATE_TEST_SUITE_P(
    Rows, ChunkedTest,
    testing::Values(Case{"Empty", "0\r\n\r\n", "", kDone},
                    Case{"Two", "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", "abcde", kDone},
                    Case{"HexInEitherCase", "a\r\n0123456789\r\nA\r\n0123456789\r\n0\r\n\r\n",
                         "01234567890123456789", kDone},
                    Case{"LeadingZeros", "0003\r\nabc\r\n000\r\n\r\n", "abc", kDone},
                    Case{"Extension", "3;a=b\r\nabc\r\n0;x\r\n\r\n", "abc", kDone},
                    Case{"QuotedExtension", "3;a=\"\\\";\"\r\nabc\r\n0\r\n\r\n", "abc", kDone},
                    Case{"Trailer", "0\r\nX: y\r\nZ: w\r\n\r\n", "", kDone},
                    Case{"NoSize", "\r\nabc\r\n", "", kBad},
                    Case{"BareFeedAfterSize", "3\nabc\r\n0\r\n\r\n", "", kBad},
                    Case{"BareFeedAfterData", "3\r\nabc\n0\r\n\r\n", "abc", kBad},
                    Case{"DataTooLong", "3\r\nabcd\r\n0\r\n\r\n", "abc", kBad},
                    Case{"BlankBeforeSize", " 3\r\nabc\r\n0\r\n\r\n", "", kBad},
                    Case{"BlankAfterSize", "3 \r\nabc\r\n0\r\n\r\n", "", kBad},
                    Case{"Prefix0x", "0x3\r\nabc\r\n0\r\n\r\n", "", kBad},
                    Case{"Minus", "-3\r\nabc\r\n0\r\n\r\n", "", kBad},
                    Case{"Overflow", "fffffffffffffffff\r\nabc", "", kBad},
                    Case{"FeedInExtension", "3;a\nb\r\nabc\r\n0\r\n\r\n", "", kBad},
                    Case{"ReturnInExtension", "3;a\rb\r\nabc\r\n0\r\n\r\n", "", kBad},
                    Case{"FeedInQuotes", "3;a=\"\r\n\"\r\nabc\r\n0\r\n\r\n", "", kBad},
                    Case{"BareFeedAtTheEnd", "0\r\n\n", "", kBad},
                    Case{"FoldedTrailer", "0\r\n X: y\r\n\r\n", "", kBad},
                    Case{"Incomplete", "3\r\nab", "ab", ChunkedBody::State::kData},
                    Case{"NoLastLine", "0\r\n", "", kMore}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(ChunkedBodyTest, LeavesWhatFollowsAlone) {
  const Read read = ReadIn("0\r\n\r\nGET http://h/ HTTP/1.1\r\n", 64);
  EXPECT_EQ(read.state, kDone);
  EXPECT_EQ(read.used, 5U);
}

TEST(ChunkedBodyTest, BoundsExtensionsAndTrailers) {
  EXPECT_EQ(ReadIn("1;" + std::string(20000, 'x'), 4096).state, kBad);
  EXPECT_EQ(ReadIn("0\r\nX: " + std::string(20000, 'x'), 4096).state, kBad);
}

}  // namespace
}  // namespace ambit::proxy
