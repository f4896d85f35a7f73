#include "policy/destination.h"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <string_view>

namespace ambit::policy {
namespace {

std::string HostOf(std::string_view host) {
  const auto to = ParseDestination(host, 443);
  return to ? to->HostText() : "refused";
}

TEST(DestinationTest, NamesAreLowerCaseWithoutTrailingDot) {
  EXPECT_EQ(HostOf("Example.COM."), "example.com");
  EXPECT_EQ(HostOf("_x.example.com"), "_x.example.com");
  EXPECT_EQ(HostOf("a.b.c.d"), "a.b.c.d");
  EXPECT_EQ(HostOf("r3---sn-4g5e.example.com"), "r3---sn-4g5e.example.com");
  EXPECT_EQ(HostOf(std::string(63, 'a') + ".example.com"), std::string(63, 'a') + ".example.com");
  EXPECT_EQ(ParseDestination("Example.com", 80)->Text(), "example.com:80");
}

TEST(DestinationTest, EveryFormOfAnAddressIsOneValue) {
  struct Case {
    std::string_view host, text;
    Spelling spelling;
  };
  constexpr std::array kCases = {
      Case{"127.0.0.1", "127.0.0.1", Spelling::kPlain},
      Case{"127.0.0.1.", "127.0.0.1", Spelling::kLoose},
      Case{"2130706433", "127.0.0.1", Spelling::kLoose},
      Case{"0X7F.1", "127.0.0.1", Spelling::kLoose},
      Case{"0177.0.0.1", "127.0.0.1", Spelling::kLoose},
      Case{"127.000.000.001", "127.0.0.1", Spelling::kLoose},
      Case{"[::ffff:127.0.0.1]", "127.0.0.1", Spelling::kMapped},
      Case{"[::FFFF:7f00:1]", "127.0.0.1", Spelling::kMapped},
      Case{"[0:0:0:0:0:0:0:1]", "::1", Spelling::kPlain},
  };
  for (const Case& one : kCases) {
    const auto to = ParseDestination(one.host, 80);
    ASSERT_TRUE(to) << one.host;
    ASSERT_NE(to->address(), nullptr) << one.host;
    EXPECT_EQ(to->HostText(), one.text) << one.host;
    EXPECT_EQ(to->spelling, one.spelling) << one.host;
  }
  EXPECT_EQ(ParseDestination("[::1]", 80)->Text(), "[::1]:80");
}

TEST(DestinationTest, RefusesEverythingElse) {
  const std::string long_label(64, 'a');
  std::string long_name;
  for (int i = 0; i < 64; ++i) long_name += "aaa.";
  for (const std::string& host : {std::string(),
                                  std::string("."),
                                  std::string("example.com.."),
                                  std::string("a..b"),
                                  std::string("..example.com"),
                                  std::string("-a.com"),
                                  std::string("a-.com"),
                                  long_label + ".com",
                                  long_name + "com",
                                  std::string("b\xc3\xbc"
                                              "cher.example"),
                                  std::string("loc%61lhost"),
                                  std::string("a\0b", 3),
                                  std::string("ex ample.com"),
                                  std::string("a\tb"),
                                  std::string("*"),
                                  std::string("*.example.com"),
                                  std::string("?"),
                                  std::string("::1"),
                                  std::string("example.com:80"),
                                  std::string("[fe80::1%25lo]"),
                                  std::string("[::1%25lo]"),
                                  std::string("[::1"),
                                  std::string("::1]"),
                                  std::string("["),
                                  std::string("[]"),
                                  std::string("[example.com]"),
                                  std::string("[127.0.0.1]"),
                                  std::string("xn--"),
                                  std::string("user@example.com"),
                                  std::string("1.2.3.256"),
                                  std::string("a.1"),
                                  std::string("a.0x1"),
                                  std::string(" example.com"),
                                  std::string("example.com "),
                                  std::string("\\\\x"),
                                  std::string("example.com/x")}) {
    EXPECT_EQ(HostOf(host), "refused") << host;
  }
  EXPECT_FALSE(ParseDestination("example.com", 0));
}

TEST(DestinationTest, SaysWhatIsWrong) {
  EXPECT_EQ(ParseDestination("[fe80::1%25lo]", 80).error().message,
            "host '[fe80::1%25lo]' has a zone id, which means nothing outside its own host");
  EXPECT_EQ(ParseDestination("::1", 80).error().message,
            "host '::1' has a ':'; an IPv6 address stands in brackets");
}

TEST(DestinationTest, TakesAddressesAsBytes) {
  EXPECT_EQ(DestinationOf(std::array<std::uint8_t, 4>{127, 0, 0, 1}, 80)->HostText(), "127.0.0.1");
  std::array<std::uint8_t, 16> mapped{};
  mapped[10] = mapped[11] = 0xff;
  mapped[12] = 127;
  mapped[15] = 1;
  const auto to = DestinationOf(mapped, 80);
  ASSERT_TRUE(to);
  EXPECT_EQ(to->HostText(), "127.0.0.1");
  EXPECT_EQ(to->spelling, Spelling::kMapped);
  EXPECT_FALSE(DestinationOf(std::array<std::uint8_t, 4>{1, 2, 3, 4}, 0));
  EXPECT_FALSE(DestinationOf(std::array<std::uint8_t, 3>{1, 2, 3}, 80));
}

TEST(DestinationTest, LocalhostAndWhatIsBelow) {
  EXPECT_TRUE(IsLocalhostName("localhost"));
  EXPECT_TRUE(IsLocalhostName("a.b.localhost"));
  EXPECT_FALSE(IsLocalhostName("xlocalhost"));
  EXPECT_FALSE(IsLocalhostName("localhost.example"));
}

}  // namespace
}  // namespace ambit::policy
