#include "proxy/http2_connection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>

namespace ambit::proxy {
namespace {

using testing::HasSubstr;
using testing::Not;

using StreamId = Http2Connection::StreamId;

constexpr std::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
constexpr char kData = 0, kHeaders = 1, kReset = 3, kSettings = 4, kPing = 6;

std::string Frame(char kind, char flags, int stream, std::string_view payload = {}) {
  std::string out;
  out += static_cast<char>(payload.size() >> 16);
  out += static_cast<char>(payload.size() >> 8);
  out += static_cast<char>(payload.size());
  out += kind;
  out += flags;
  for (const int shift : {24, 16, 8, 0}) out += static_cast<char>(stream >> shift);
  return out.append(payload);
}

std::string Text(std::string_view name, std::string_view value) {
  return std::string(1, '\0') + static_cast<char>(name.size()) + std::string(name) +
         static_cast<char>(value.size()) + std::string(value);
}

std::string Head(std::string_view path = "/", std::string_view more = "") {
  return Text(":method", "GET") + Text(":scheme", "https") + Text(":path", path) +
         Text(":authority", "example.com") + std::string(more);
}

class Http2Test : public testing::Test, protected Http2Connection::User {
 protected:
  void OnRequest(StreamId id, Http2Request request, bool ended) override {
    requests_[id] = std::move(request);
    if (ended) ended_ += 1;
  }
  void OnData(StreamId /*id*/, std::string_view piece) override { data_ += piece; }
  void OnRequestEnd(StreamId /*id*/) override { ended_ += 1; }
  void OnClosed(StreamId /*id*/) override { closed_ += 1; }
  std::size_t ReadBody(StreamId /*id*/, std::span<char> room, bool& end) override {
    const std::size_t size = std::min(room.size(), body_.size());
    std::copy_n(body_.begin(), size, room.begin());
    body_.erase(0, size);
    end = body_.empty() && body_ends_;
    return size;
  }

  void SetUp() override {
    connection_ = Http2Connection::Make(*this).value();
    ASSERT_TRUE(Give(std::string(kPreface) + Frame(kSettings, 0, 0)));
    Out();
  }
  bool Give(std::string_view bytes, std::uint64_t now = 1) {
    return connection_->Receive(bytes, now);
  }
  std::string Out() {
    Buffer out;
    connection_->TakeOutput(out, 1UL << 20);
    return std::string(out.view());
  }
  /// The kinds of the frames that are sent.
  std::string Kinds() {
    std::string kinds;
    const std::string out = Out();
    for (std::size_t at = 0; at + 9 <= out.size();) {
      const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(out[at + i]); };
      kinds += static_cast<char>('0' + byte(3));
      at += 9 + (static_cast<std::size_t>(byte(0)) << 16U | byte(1) << 8U | byte(2));
    }
    return kinds;
  }

  std::unique_ptr<Http2Connection> connection_;
  std::map<StreamId, Http2Request> requests_;
  std::string data_, body_;
  bool body_ends_ = true;
  int ended_ = 0, closed_ = 0;
};

TEST_F(Http2Test, TellsRequestsAndTheirBodies) {
  ASSERT_TRUE(
      Give(Frame(kHeaders, 4, 1,
                 Head("/a?b", Text("cookie", "a=b") + Text("x", "y z") + Text("cookie", "c=d")))));
  ASSERT_EQ(requests_.size(), 1U);
  const Http2Request& request = requests_[1];
  EXPECT_EQ(request.method + request.scheme + request.authority + request.path,
            "GEThttpsexample.com/a?b");
  const std::vector<std::pair<std::string, std::string>> fields = {{"cookie", "a=b; c=d"},
                                                                   {"x", "y z"}};
  EXPECT_EQ(request.fields, fields);
  EXPECT_EQ(ended_, 0);
  ASSERT_TRUE(Give(Frame(kData, 0, 1, "half") + Frame(kData, 1, 1, "rest")));
  EXPECT_EQ(data_, "halfrest");
  EXPECT_EQ(ended_, 1);
}

TEST_F(Http2Test, SendsAnAnswerAsItComes) {
  ASSERT_TRUE(Give(Frame(kHeaders, 5, 1, Head())));
  body_ends_ = false;
  const std::vector<std::pair<std::string, std::string>> fields = {{"x", "y"}};
  connection_->Respond(1, 200, fields, true);
  EXPECT_EQ(Kinds(), "1");
  body_ = "piece";
  EXPECT_EQ(Kinds(), "");
  connection_->Resume(1);
  EXPECT_THAT(Out(), HasSubstr("piece"));
  body_ends_ = true;
  connection_->Resume(1);
  EXPECT_EQ(Kinds(), "0");
  EXPECT_EQ(closed_, 1);
}

TEST_F(Http2Test, RefusesWhatIsNoLineOfHttp1) {
  int stream = 1;
  for (const std::string& head :
       {Head("/a b"), Head("/a\r\nb"), Head("/", Text("x", "a\r\nb: c")),
        Head("/", Text("a b", "c")), Head("/", Text("x", std::string("a\0b", 3))),
        Head("/", Text("connection", "close"))}) {
    ASSERT_TRUE(Give(Frame(kHeaders, 5, stream, head)));
    EXPECT_EQ(Kinds(), "3") << head;
    stream += 2;
  }
  EXPECT_TRUE(requests_.empty());
}

TEST_F(Http2Test, BoundsAHead) {
  std::string head = Head();
  for (int i = 0; i < 120; ++i) head += Text("x", std::string(100, 'v'));
  ASSERT_TRUE(Give(Frame(kHeaders, 5, 1, head)));
  EXPECT_EQ(requests_.size(), 1U);
  std::string whole = Frame(kHeaders, 1, 3, Head());
  for (int i = 0; i < 8; ++i) {
    std::string piece;
    for (int j = 0; j < 120; ++j) piece += Text("x", std::string(100, 'v'));
    whole += Frame(9, i == 7 ? 4 : 0, 3, piece);
  }
  Give(whole);
  EXPECT_EQ(requests_.size(), 1U);
}

TEST_F(Http2Test, BoundsTheStreams) {
  std::string all;
  for (int stream = 1; stream < 100; stream += 2) {
    all += Frame(kHeaders, 5, stream, Head());
  }
  Give(all);
  EXPECT_LE(requests_.size(), Http2Connection::kMostStreams);
}

TEST_F(Http2Test, BoundsResetsByTheirRate) {
  const auto reset = [this](int stream, std::uint64_t now) {
    Give(Frame(kHeaders, 5, stream, Head()) +
             Frame(kReset, 0, stream, std::string_view("\0\0\0\x08", 4)),
         now);
    return Kinds();
  };
  std::string slow, fast;
  std::uint64_t now = 1'000'000;
  int stream = -1;
  for (int i = 0; i < 1000; ++i) slow += reset(stream += 2, now += 100'000);
  EXPECT_THAT(slow, Not(HasSubstr("7")));
  for (int i = 0; i < 1000; ++i) fast += reset(stream += 2, now);
  EXPECT_THAT(fast, HasSubstr("7"));
}

TEST_F(Http2Test, BoundsEmptyFramesByTheirRate) {
  std::string out;
  std::uint64_t now = 1'000'000;
  const std::string ping = Frame(kPing, 1, 0, "12345678");
  // Slowly as many as one likes.
  for (int i = 0; i < 5000; ++i) {
    Give(ping, now += 10'000);
    out += Kinds();
  }
  EXPECT_THAT(out, Not(HasSubstr("7")));
  for (int i = 0; i < 5000; ++i) Give(ping, now);
  EXPECT_THAT(Kinds(), HasSubstr("7"));
  EXPECT_TRUE(connection_->is_over());
}

TEST_F(Http2Test, RefusesWhatIsNotHttp2) {
  const auto other = Http2Connection::Make(*this).value();
  EXPECT_FALSE(other->Receive("GET / HTTP/1.1\r\nHost: x\r\n\r\n", 1));
}

}  // namespace
}  // namespace ambit::proxy
