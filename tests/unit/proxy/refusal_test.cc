#include "proxy/refusal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace ambit::proxy {
namespace {

using testing::HasSubstr;

const policy::Destination kPlace = *policy::ParseDestination("evil.test", 443);

TEST(RefusalTest, SaysTheSameInEveryProtocol) {
  policy::NetworkVerdict verdict;
  verdict.reason = policy::Reason::kDenied;
  verdict.rule = "*.test";
  verdict.from = {"/c.toml", 3, 1};
  verdict.detail = "it is \"denied\"";
  const Refusal refusal = ToRefusal(verdict, kPlace);
  const std::string response = ToResponse(refusal, "connect", "evil.test", 443, false, true);
  EXPECT_THAT(response, testing::StartsWith("HTTP/1.1 403 Forbidden\r\n"));
  EXPECT_THAT(response, HasSubstr("\r\nx-proxy-error: blocked-by-denylist\r\n"));
  EXPECT_THAT(response, HasSubstr("\r\nx-ambit-reason: denied\r\n"));
  EXPECT_THAT(response, HasSubstr("\r\nx-ambit-rule: *.test (/c.toml:3:1)\r\n"));
  EXPECT_THAT(response, HasSubstr("\r\nconnection: close\r\n\r\n{\"status\":\"blocked\",\"host\":"
                                  "\"evil.test\",\"reason\":\"denied\",\"decision\":\"deny\","));
  EXPECT_THAT(response, HasSubstr("\"message\":\"it is \\\"denied\\\"\""));
  EXPECT_EQ(refusal.reply, socks5::Reply::kNotAllowed);
}

TEST(RefusalTest, KeepsHeadersToOneLine) {
  policy::NetworkVerdict verdict;
  verdict.hint = "a\r\nInjected: b\xc3\xbc";
  const std::string response =
      ToResponse(ToRefusal(verdict, kPlace), "http", "evil.test", 443, true, false);
  EXPECT_THAT(response, HasSubstr("\r\nx-ambit-hint: a? Injected: b??\r\n"));
  EXPECT_THAT(response, testing::EndsWith("connection: keep-alive\r\n\r\n"));
}

TEST(RefusalTest, TellsFailuresApart) {
  EXPECT_EQ(DialRefusal(kPlace, 0, true).status, 504);
  EXPECT_EQ(DialRefusal(kPlace, 0, true).reply, socks5::Reply::kExpired);
  EXPECT_EQ(DialRefusal(kPlace, -111, false).status, 502);
  EXPECT_EQ(DialRefusal(kPlace, -111, false).reply, socks5::Reply::kConnectionRefused);
  EXPECT_FALSE(DialRefusal(kPlace, -111, false).denied);
}

TEST(SshDisconnectTest, IsAWholePacket) {
  for (std::size_t size = 0; size < 40; ++size) {
    const std::string bytes = SshDisconnect(std::string(size, 'm'));
    ASSERT_THAT(bytes, testing::StartsWith("SSH-2.0-ambit\r\n"));
    const std::string packet = bytes.substr(15);
    EXPECT_EQ(packet.size() % 8, 0U);
    EXPECT_EQ(static_cast<std::size_t>(packet[3]) + 4, packet.size());
    const auto padding = static_cast<std::size_t>(packet[4]);
    EXPECT_GE(padding, 4U);
    EXPECT_EQ(5 + 1 + 4 + 4 + size + 4 + padding, packet.size());
  }
}

TEST(FarewellTest, SpeaksWhatThePortSpeaks) {
  const Refusal refusal = UpstreamRefusal("x");
  const auto at = [&](std::uint16_t port, bool socks) {
    return ToFarewell(refusal, *policy::ParseDestination("evil.test", port), socks);
  };
  EXPECT_THAT(at(22, true), testing::StartsWith("SSH-"));
  EXPECT_THAT(at(80, false), testing::StartsWith("HTTP/1.1 "));
  EXPECT_EQ(at(443, false), std::string("\x15\x03\x03\x00\x02\x02\x31", 7));
  EXPECT_EQ(at(443, true), "");
  EXPECT_EQ(at(5432, false), "");
}

}  // namespace
}  // namespace ambit::proxy
