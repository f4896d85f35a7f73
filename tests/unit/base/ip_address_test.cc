#include "base/ip_address.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace ambit {
namespace {

std::string TextOf(std::string_view text) {
  const auto address = ParseIp(text);
  return address ? address->Text() : "none";
}

std::string LooseTextOf(std::string_view text) {
  const auto address = ParseInetAton(text);
  return address ? address->Text() : "none";
}

TEST(IpAddressTest, WritesTheShortestFormOfRfc5952) {
  EXPECT_EQ(TextOf("2001:DB8:0:0:0:0:0:1"), "2001:db8::1");
  EXPECT_EQ(TextOf("2001:db8:0:0:1:0:0:1"), "2001:db8::1:0:0:1");
  EXPECT_EQ(TextOf("2001:db8:0:1:1:1:1:1"), "2001:db8:0:1:1:1:1:1");
  EXPECT_EQ(TextOf("0:0:0:0:0:0:0:0"), "::");
  EXPECT_EQ(TextOf("1::"), "1::");
  EXPECT_EQ(TextOf("::1"), "::1");
  EXPECT_EQ(TextOf("64:ff9b::127.0.0.1"), "64:ff9b::7f00:1");
  EXPECT_EQ(TextOf("1.2.3.4"), "1.2.3.4");
}

TEST(IpAddressTest, MappedAddressesAreIpv4) {
  EXPECT_EQ(TextOf("::ffff:127.0.0.1"), "127.0.0.1");
  EXPECT_EQ(TextOf("::FFFF:7f00:1"), "127.0.0.1");
  EXPECT_EQ(ParseIp("0:0:0:0:0:ffff:7f00:1"), ParseIp("127.0.0.1"));
  EXPECT_EQ(TextOf("::ffff:0:127.0.0.1"), "::ffff:0:7f00:1");
}

TEST(IpAddressTest, RefusesWhatIsNoAddress) {
  for (const std::string_view text : {"",
                                      ".",
                                      "1.2.3",
                                      "1.2.3.4.",
                                      "01.2.3.4",
                                      "1.2.3.256",
                                      "1.2.3.4.5",
                                      "1..2.3",
                                      "+1.2.3.4",
                                      ":",
                                      ":::",
                                      "1",
                                      "1:2",
                                      "1::2::3",
                                      "12345::",
                                      "::1.2.3",
                                      "1.2.3.4::",
                                      "::1%lo",
                                      "1:2:3:4:5:6:7:8:9",
                                      "1:2:3:4:5:6:7::8",
                                      "::g",
                                      "[::1]",
                                      "1:2:3:4:5:6:7:",
                                      ":1:2:3:4:5:6:7",
                                      "::1.2.3.4:5"}) {
    EXPECT_EQ(TextOf(text), "none") << text;
  }
}

TEST(IpAddressTest, TakesEveryFormOfInetAton) {
  for (const std::string_view text : {"127.0.0.1", "127.1", "127.0.1", "2130706433", "0x7f000001",
                                      "0x7f.1", "0177.0.0.1", "017700000001", "127.000.000.001"}) {
    EXPECT_EQ(LooseTextOf(text), "127.0.0.1") << text;
  }
  EXPECT_EQ(LooseTextOf("93.184.55330"), "93.184.216.34");
  EXPECT_EQ(LooseTextOf("0135.0270.0330.042"), "93.184.216.34");
  EXPECT_EQ(LooseTextOf("0"), "0.0.0.0");
  for (const std::string_view text :
       {"", ".", "1.", ".1", "256.1", "1.2.3.256", "1.2.3.4.5", "4294967296", "0x", "08",
        "1.16777216", "0x1g", "1.2.65536", "-1", " 1", "1 "}) {
    EXPECT_EQ(LooseTextOf(text), "none") << text;
  }
}

TEST(IpAddressTest, RangesClearWhatIsBehindTheirLength) {
  const auto range = ParseIpRange("10.1.2.3/9");
  ASSERT_TRUE(range);
  EXPECT_EQ(range->Text(), "10.0.0.0/9");
  EXPECT_TRUE(range->Contains(*ParseIp("10.127.255.255")));
  EXPECT_FALSE(range->Contains(*ParseIp("10.128.0.0")));
  EXPECT_FALSE(range->Contains(*ParseIp("a00::")));
  EXPECT_EQ(ParseIpRange("2001:db8::1/33")->Text(), "2001:db8::/33");
  EXPECT_TRUE(ParseIpRange("::/0")->Contains(*ParseIp("1::")));
  EXPECT_EQ(ParseIpRange("::ffff:10.0.0.0/104")->Text(), "10.0.0.0/8");
  for (const std::string_view text :
       {"10.0.0.0", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/08", "10.0.0/8", "::/129",
        "::ffff:10.0.0.0/95", "/8", "1.2.3.4/-1", "1.2.3.4/8/8"}) {
    EXPECT_FALSE(ParseIpRange(text)) << text;
  }
}

}  // namespace
}  // namespace ambit
