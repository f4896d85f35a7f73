#include "proxy/request_head.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace ambit::proxy {
namespace {

struct Outcome {
  RequestHead head;
  std::optional<HeadError> error;
  bool complete = false;
};

Outcome Parse(std::string_view bytes) {
  Outcome outcome;
  std::size_t scanned = 0;
  const HeadEnd end = FindHeadEnd(bytes, scanned);
  outcome.error = end.error;
  outcome.complete = end.size != 0;
  if (!outcome.complete || outcome.error) {
    if (!outcome.error) outcome.error = CheckPartialHead(bytes, HeadLimits{});
    return outcome;
  }
  outcome.error = ParseRequestHead(bytes.substr(0, end.size), HeadLimits{}, outcome.head);
  return outcome;
}

// network.md 7.1, one row for each form that is served.
struct Served {
  const char* name;
  const char* bytes;
  TargetForm form;
  const char* host;
  int port;
  const char* path;
};
class ServedTest : public testing::TestWithParam<Served> {};

TEST_P(ServedTest, GoesWhereItNames) {
  const Outcome got = Parse(GetParam().bytes);
  ASSERT_TRUE(got.complete);
  ASSERT_FALSE(got.error) << got.error->text;
  EXPECT_EQ(got.head.form, GetParam().form);
  EXPECT_EQ(got.head.host, GetParam().host);
  EXPECT_EQ(got.head.port, GetParam().port);
  EXPECT_EQ(got.head.path, GetParam().path);
}

constexpr auto kAbs = TargetForm::kAbsolute;
constexpr auto kOri = TargetForm::kOrigin;
constexpr auto kAut = TargetForm::kAuthority;
INSTANTIATE_TEST_SUITE_P(
    Forms, ServedTest,
    testing::Values(
        Served{"Absolute", "GET http://h/p?q HTTP/1.1\r\nHost: h\r\n\r\n", kAbs, "h", 80, "/p?q"},
        Served{"AbsoluteWithoutHost", "GET http://h/p HTTP/1.1\r\n\r\n", kAbs, "h", 80, "/p"},
        Served{"AbsoluteOldVersion", "GET http://h/ HTTP/1.0\r\n\r\n", kAbs, "h", 80, "/"},
        Served{"HostInAnotherCase", "GET http://Ab.c/ HTTP/1.1\r\nHost: aB.C\r\n\r\n", kAbs, "Ab.c",
               80, "/"},
        Served{"HostWithTheUsualPort", "GET http://h/ HTTP/1.1\r\nHost: h:80\r\n\r\n", kAbs, "h",
               80, "/"},
        Served{"TargetWithTheUsualPort", "GET http://h:80/ HTTP/1.1\r\nHost: h\r\n\r\n", kAbs, "h",
               80, "/"},
        Served{"OtherPort", "GET http://h:81/ HTTP/1.1\r\nHost: h:81\r\n\r\n", kAbs, "h", 81, "/"},
        Served{"NoPath", "GET http://h HTTP/1.1\r\nHost: h\r\n\r\n", kAbs, "h", 80, ""},
        Served{"OnlyQuery", "GET http://h?q HTTP/1.1\r\nHost: h\r\n\r\n", kAbs, "h", 80, "?q"},
        Served{"UserInfoIsDropped", "GET http://a.b@h/ HTTP/1.1\r\nHost: h\r\n\r\n", kAbs, "h", 80,
               "/"},
        Served{"FragmentIsDropped", "GET http://h/a#b HTTP/1.1\r\nHost: h\r\n\r\n", kAbs, "h", 80,
               "/a"},
        Served{"WebSocketScheme", "GET ws://h/ HTTP/1.1\r\nHost: h\r\n\r\n", kAbs, "h", 80, "/"},
        Served{"SecureScheme", "GET https://h/ HTTP/1.1\r\nHost: h:443\r\n\r\n", kAbs, "h", 443,
               "/"},
        Served{"Ipv6", "GET http://[::1]:8/ HTTP/1.1\r\nHost: [::1]:8\r\n\r\n", kAbs, "[::1]", 8,
               "/"},
        Served{"Origin", "GET /p HTTP/1.1\r\nHost: h\r\n\r\n", kOri, "h", 80, "/p"},
        Served{"OriginWithPort", "GET /p HTTP/1.1\r\nHost: h:99\r\n\r\n", kOri, "h", 99, "/p"},
        Served{"OriginWithTwoSlashes", "GET //e/p HTTP/1.1\r\nHost: h\r\n\r\n", kOri, "h", 80,
               "//e/p"},
        Served{"Asterisk", "OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n", TargetForm::kAsterisk, "h", 80,
               "*"},
        Served{"Connect", "CONNECT h:443 HTTP/1.1\r\nHost: other\r\n\r\n", kAut, "h", 443, ""},
        Served{"ConnectIpv6", "CONNECT [::1]:22 HTTP/1.1\r\n\r\n", kAut, "[::1]", 22, ""}),
    [](const auto& test) { return std::string(test.param.name); });

struct Refused {
  const char* name;
  std::string bytes;
  int status;
  const char* text;  ///< "" : any
};
class RefusedTest : public testing::TestWithParam<Refused> {};

TEST_P(RefusedTest, HasTheStatusAndTheWords) {
  const Outcome got = Parse(GetParam().bytes);
  ASSERT_TRUE(got.error);
  EXPECT_EQ(got.error->status, GetParam().status);
  EXPECT_THAT(std::string(got.error->text), testing::HasSubstr(GetParam().text));
}

std::string Get(const std::string& fields) {
  return "GET http://h/ HTTP/1.1\r\n" + fields + "\r\n";
}

INSTANTIATE_TEST_SUITE_P(
    Targets, RefusedTest,
    testing::Values(
        Refused{"OtherHost", Get("Host: e\r\n"), 400, "Host header does not match request target"},
        Refused{"OtherPort", Get("Host: h:8\r\n"), 400,
                "Host header does not match request target"},
        Refused{"HostWithFinalDot", Get("Host: h.\r\n"), 400, "does not match request target"},
        Refused{"TwoHosts", Get("Host: h\r\nHost: h\r\n"), 400, "multiple Host headers"},
        Refused{"HostWithUser", Get("Host: a@h\r\n"), 400, "invalid Host header"},
        Refused{"EmptyHost", Get("Host:\r\n"), 400, "invalid Host header"},
        Refused{"GarbageHost", Get("Host: h/x\r\n"), 400, "invalid Host header"},
        Refused{"OriginWithoutHost", "GET / HTTP/1.1\r\n\r\n", 400, "missing host"},
        Refused{"OldOriginWithoutHost", "GET / HTTP/1.0\r\n\r\n", 400, "missing host"},
        Refused{"Ftp", "GET ftp://h/ HTTP/1.1\r\nHost: h\r\n\r\n", 400, "unsupported scheme"},
        Refused{"NoSlash", "GET h HTTP/1.1\r\nHost: h\r\n\r\n", 400, "invalid request target"},
        Refused{"AuthorityForGet", "GET h:80 HTTP/1.1\r\nHost: h\r\n\r\n", 400, "target"},
        Refused{"NoAuthority", "GET http:///p HTTP/1.1\r\n\r\n", 400, "missing authority"},
        Refused{"BackslashBeforeAt", "GET http://e.t\\@h/ HTTP/1.1\r\n\r\n", 400, "target"},
        Refused{"Backslash", "GET http://h\\x/ HTTP/1.1\r\n\r\n", 400, "invalid authority"},
        Refused{"PercentInHost", "GET http://%65/ HTTP/1.1\r\n\r\n", 400, "invalid authority"},
        Refused{"ZoneId", "GET http://[fe80::1%25lo]/ HTTP/1.1\r\n\r\n", 400, "authority"},
        Refused{"BareIpv6", "GET http://::1/ HTTP/1.1\r\n\r\n", 400, "invalid authority"},
        Refused{"NonAsciiHost", "GET http://\xc3\xbc/ HTTP/1.1\r\n\r\n", 400, "authority"},
        Refused{"PortZero", "GET http://h:0/ HTTP/1.1\r\n\r\n", 400, "invalid authority"},
        Refused{"EmptyPort", "GET http://h:/ HTTP/1.1\r\n\r\n", 400, "invalid authority"},
        Refused{"AsteriskForGet", "GET * HTTP/1.1\r\nHost: h\r\n\r\n", 400, "target"},
        Refused{"LowerCaseConnect", "connect h:443 HTTP/1.1\r\nHost: h\r\n\r\n", 400, "target"},
        Refused{"ConnectWithoutPort", "CONNECT h HTTP/1.1\r\n\r\n", 400, "CONNECT needs host:port"},
        Refused{"ConnectPort65536", "CONNECT h:65536 HTTP/1.1\r\n\r\n", 400, "CONNECT needs"},
        Refused{"ConnectPortZero", "CONNECT h:0 HTTP/1.1\r\n\r\n", 400, "CONNECT needs"},
        Refused{"ConnectNegativePort", "CONNECT h:-1 HTTP/1.1\r\n\r\n", 400, "CONNECT needs"},
        Refused{"ConnectPath", "CONNECT /foo HTTP/1.1\r\nHost: h:1\r\n\r\n", 400, "CONNECT needs"},
        Refused{"ConnectUser", "CONNECT a@h:1 HTTP/1.1\r\n\r\n", 400, "CONNECT needs"},
        Refused{"ConnectBody", "CONNECT h:1 HTTP/1.1\r\nContent-Length: 1\r\n\r\n", 400, "body"},
        Refused{"LongTarget", "GET http://h/" + std::string(17000, 'a') + " HTTP/1.1\r\n\r\n", 414,
                ""},
        Refused{"EndlessTarget", "GET http://h/" + std::string(17000, 'a'), 414, ""}),
    [](const auto& test) { return std::string(test.param.name); });

INSTANTIATE_TEST_SUITE_P(
    Lines, RefusedTest,
    testing::Values(
        Refused{"Version09", "GET http://h/\r\n\r\n", 400, "malformed request line"},
        Refused{"Version12", "GET http://h/ HTTP/1.2\r\n\r\n", 400, "version"},
        Refused{"Version20", "GET http://h/ HTTP/2.0\r\n\r\n", 400, "version"},
        Refused{"Preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400, ""},
        Refused{"TlsBytes", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc", 400, ""},
        Refused{"TwoBlanks", "GET  http://h/ HTTP/1.1\r\n\r\n", 400, ""},
        Refused{"TabAsBlank", "GET\thttp://h/ HTTP/1.1\r\n\r\n", 400, ""},
        Refused{"BlankInTarget", "GET http://h/a b HTTP/1.1\r\n\r\n", 400, "target"},
        Refused{"NulInTarget", std::string("GET http://h/\0 HTTP/1.1\r\n\r\n", 27), 400, "target"},
        Refused{"LeadingEmptyLine", "\r\nGET http://h/ HTTP/1.1\r\n\r\n", 400, "empty line"},
        Refused{"BareFeedAfterLine", "GET http://h/ HTTP/1.1\nHost: h\r\n\r\n", 400, "carriage"},
        Refused{"BareFeedInFields", "GET http://h/ HTTP/1.1\r\nHost: h\n\n", 400, "carriage"},
        Refused{"Folding", Get("X: a\r\n b\r\n"), 400, "begins with a blank"},
        Refused{"BlankBeforeColon", Get("X : a\r\n"), 400, "not a token"},
        Refused{"NoColon", Get("X\r\n"), 400, "no colon"},
        Refused{"NoName", Get(": x\r\n"), 400, "not a token"},
        Refused{"BareReturn", Get("X: a\rb\r\n"), 400, "control character"},
        Refused{"Nul", Get(std::string("X: a\0b\r\n", 8)), 400, "control character"},
        Refused{"Expectation", Get("Expect: magic\r\n"), 417, ""},
        Refused{"LargeHead", "GET http://h/ HTTP/1.1\r\nX: " + std::string(66000, 'a'), 431, ""}),
    [](const auto& test) { return std::string(test.param.name); });

INSTANTIATE_TEST_SUITE_P(
    Bodies, RefusedTest,
    testing::Values(
        Refused{"LengthAndCoding", Get("Content-Length: 1\r\nTransfer-Encoding: chunked\r\n"), 400,
                "both"},
        Refused{"TwoLengths", Get("Content-Length: 1\r\nContent-Length: 2\r\n"), 400, "different"},
        Refused{"PlusLength", Get("Content-Length: +3\r\n"), 400, "number"},
        Refused{"ListOfLengths", Get("Content-Length: 3, 3\r\n"), 400, "number"},
        Refused{"HugeLength", Get("Content-Length: 99999999999999999999\r\n"), 400, "number"},
        Refused{"EmptyLength", Get("Content-Length:\r\n"), 400, "number"},
        Refused{"XChunked", Get("Transfer-Encoding: xchunked\r\n"), 400, "chunked"},
        Refused{"VerticalTab",
                Get("Transfer-Encoding: \x0b"
                    "chunked\r\n"),
                400, "control"},
        Refused{"ChunkedNotLast", Get("Transfer-Encoding: chunked, gzip\r\n"), 400, "chunked"},
        Refused{"TwiceChunked", Get("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"),
                400, "chunked"},
        Refused{"CodingInOldVersion",
                "POST http://h/ HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400, "HTTP/1.0"}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(RequestHeadTest, TakesAHundredFieldsAndNoMore) {
  std::string fields;
  for (int i = 0; i < 100; ++i) fields += "X: y\r\n";
  EXPECT_FALSE(Parse(Get(fields)).error);
  const Outcome got = Parse(Get(fields + "X: y\r\n"));
  ASSERT_TRUE(got.error);
  EXPECT_EQ(got.error->status, 431);
}

TEST(RequestHeadTest, MergesEqualLengths) {
  const Outcome got = Parse(Get("Content-Length: 5\r\nContent-Length: 5\r\n"));
  ASSERT_FALSE(got.error);
  EXPECT_EQ(got.head.framing, Framing::kLength);
  EXPECT_EQ(*got.head.summary.content_length, 5U);
}

TEST(RequestHeadTest, NeedsEveryByteOfTheHead) {
  const std::string bytes = Get("Host: h\r\nAccept: */*\r\n");
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const Outcome got = Parse(std::string_view(bytes).substr(0, size));
    EXPECT_FALSE(got.complete) << size;
    EXPECT_FALSE(got.error) << size;
  }
  EXPECT_TRUE(Parse(bytes).complete);
}

TEST(RequestHeadTest, KeepsTheConnectionAsTheVersionSays) {
  EXPECT_TRUE(Parse(Get("")).head.keep_alive);
  EXPECT_FALSE(Parse(Get("Connection: close\r\n")).head.keep_alive);
  EXPECT_FALSE(Parse(Get("Proxy-Connection: close\r\n")).head.keep_alive);
  EXPECT_FALSE(Parse("GET http://h/ HTTP/1.0\r\n\r\n").head.keep_alive);
  EXPECT_TRUE(
      Parse("GET http://h/ HTTP/1.0\r\nProxy-Connection: Keep-Alive\r\n\r\n").head.keep_alive);
}

TEST(RequestHeadTest, KnowsAWebSocketFromOtherUpgrades) {
  const std::string websocket = "Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n";
  EXPECT_TRUE(Parse(Get(websocket)).head.websocket);
  EXPECT_FALSE(Parse(Get("Upgrade: websocket\r\n")).head.websocket);
  EXPECT_FALSE(Parse(Get("Connection: Upgrade\r\nUpgrade: h2c\r\n")).head.websocket);
  EXPECT_FALSE(Parse(Get(websocket + "Content-Length: 1\r\n")).head.websocket);
  EXPECT_FALSE(Parse(Get(websocket + "Upgrade: h2c\r\n")).head.websocket);
}

TEST(RequestHeadTest, SeesARequestForAUnixSocket) {
  EXPECT_TRUE(Parse(Get("x-unix-socket: /run/docker.sock\r\n")).head.unix_socket);
}

TEST(HopByHopTest, KeepsToItselfWhatIsForThisHop) {
  const Outcome got =
      Parse(Get("Host: h\r\nConnection: X-Foo, Host, Content-Length\r\nX-Foo: 1\r\nX-Bar: 1\r\n"
                "Keep-Alive: 5\r\nProxy-Authorization: Basic x\r\nTE: trailers\r\nTrailer: x\r\n"
                "Upgrade: h2c\r\nProxy-Connection: x\r\nX-Forwarded-Host: e\r\nVia: x\r\n"));
  ASSERT_FALSE(got.error);
  std::string kept;
  for (const Field& field : got.head.fields) {
    if (!IsHopByHop(field, got.head.fields)) kept += std::string(field.name) + " ";
  }
  EXPECT_EQ(kept, "Host X-Bar X-Forwarded-Host Via ");
}

}  // namespace
}  // namespace ambit::proxy
