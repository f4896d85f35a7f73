#include "proxy/gathered_body.h"

#include <gtest/gtest.h>

#include <span>
#include <string>
#include <string_view>

namespace ambit::proxy {
namespace {

using State = GatheredBody::State;

/// Gives `bytes` in pieces until the body says something else than kMore; `rest` is what it left.
State Gather(GatheredBody& body, std::string_view bytes, std::size_t piece, std::string& rest) {
  Buffer in;
  State state = body.Take(in);
  while (state == State::kMore && !bytes.empty()) {
    in.Append(bytes.substr(0, piece));
    bytes.remove_prefix(std::min(piece, bytes.size()));
    state = body.Take(in);
    EXPECT_EQ(body.state(), state);
  }
  rest = std::string(in.view()) + std::string(bytes);
  return state;
}

struct Case {
  Framing framing;
  std::uint64_t length;
  std::string_view bytes;
  State state;
  std::string_view body, rest;
};

/// In pieces of several sizes. What is held of a refused body does not matter.
void Check(std::span<const Case> cases) {
  for (const Case& test : cases) {
    for (const std::size_t piece : {1UL, 3UL, 1000UL}) {
      GatheredBody body;
      body.Begin(test.framing, test.length, 10);
      std::string rest;
      EXPECT_EQ(Gather(body, test.bytes, piece, rest), test.state) << test.bytes;
      if (test.state != State::kDone && test.state != State::kMore) continue;
      EXPECT_EQ(body.view(), test.body) << test.bytes;
      EXPECT_EQ(rest, test.rest) << test.bytes;
    }
  }
}

TEST(GatheredBodyTest, TakesWhatBelongsToIt) {
  const Case cases[] = {
      {Framing::kLength, 0, "GET /", State::kDone, "", "GET /"},
      {Framing::kLength, 4, "bodyGET /", State::kDone, "body", "GET /"},
      {Framing::kLength, 10, "0123456789", State::kDone, "0123456789", ""},
      {Framing::kLength, 4, "bod", State::kMore, "bod", ""},
      {Framing::kChunked, 0, "0\r\n\r\nGET", State::kDone, "", "GET"},
      {Framing::kChunked, 0, "2\r\nbo\r\n2;x=y\r\ndy\r\n0\r\n\r\nGET", State::kDone, "body", "GET"},
      {Framing::kChunked, 0, "a\r\n0123456789\r\n0\r\n\r\n", State::kDone, "0123456789", ""},
      {Framing::kChunked, 0, "2\r\nbo\r\n", State::kMore, "bo", ""},
  };
  Check(cases);
}

TEST(GatheredBodyTest, RefusesWhatItCannotHold) {
  const Case cases[] = {
      {Framing::kLength, 11, "", State::kTooLong, "", ""},
      {Framing::kLength, ~std::uint64_t{0}, "", State::kTooLong, "", ""},
      {Framing::kChunked, 0, "b\r\n0123456789a\r\n0\r\n\r\n", State::kTooLong, "", ""},
      {Framing::kChunked, 0, "5\r\n01234\r\n6\r\n567890\r\n", State::kTooLong, "", ""},
      {Framing::kChunked, 0, "2\r\nbo\r\n0\r\nx: y\r\n\r\n", State::kTrailers, "", ""},
      {Framing::kChunked, 0, "2\r\nbody", State::kBad, "", ""},
  };
  Check(cases);
}

TEST(GatheredBodyTest, BeginsAnew) {
  GatheredBody body;
  body.Begin(Framing::kChunked, 0, 10);
  std::string rest;
  ASSERT_EQ(Gather(body, "2\r\nbo\r\n0\r\nx: y\r\n\r\n", 1, rest), State::kTrailers);
  body.Begin(Framing::kChunked, 0, 10);
  EXPECT_EQ(body.view(), "");
  EXPECT_EQ(Gather(body, "1\r\na\r\n0\r\n\r\n", 1, rest), State::kDone);
  EXPECT_EQ(body.view(), "a");
}

}  // namespace
}  // namespace ambit::proxy
