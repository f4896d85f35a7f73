#include "policy/host_pattern.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <string>
#include <string_view>

namespace ambit::policy {
namespace {

using ::testing::HasSubstr;

std::string TextOf(std::string_view pattern, bool allow = true) {
  const auto read = ParseHostPattern(pattern, allow);
  return read ? read->Text() : read.error().message;
}

bool Allows(std::string_view pattern, std::string_view host, std::uint16_t port = 443) {
  const auto read = ParseHostPattern(pattern, true);
  const auto to = ParseDestination(host, port);
  EXPECT_TRUE(read) << pattern;
  EXPECT_TRUE(to) << host;
  return read && to && AllowCovers(*read, *to);
}

bool Denies(std::string_view pattern, std::string_view host) {
  const auto read = ParseHostPattern(pattern, false);
  const auto to = ParseDestination(host, 443);
  EXPECT_TRUE(read) << pattern;
  EXPECT_TRUE(to) << host;
  return read && to && DenyCovers(*read, *to);
}

TEST(HostPatternTest, HasOneSpelling) {
  EXPECT_EQ(TextOf(" Example.COM. "), "example.com");
  EXPECT_EQ(TextOf("example.com.."), "example.com");
  EXPECT_EQ(TextOf("*.Example.com."), "*.example.com");
  EXPECT_EQ(TextOf("**.EXAMPLE.com"), "**.example.com");
  EXPECT_EQ(TextOf("b\xc3\xbc"
                   "cher.example"),
            "xn--bcher-kva.example");
  EXPECT_EQ(TextOf("B\xc3\x9c"
                   "CHER.example"),
            "xn--bcher-kva.example");
  EXPECT_EQ(TextOf("fa\xc3\x9f.example"), "xn--fa-hia.example");  // non-transitional
  EXPECT_EQ(TextOf("2606:2800:220:1:0:0:0:1"), "2606:2800:220:1::1");
  EXPECT_EQ(TextOf("[2606:2800:220:1::1]:80"), "[2606:2800:220:1::1]:80");
  EXPECT_EQ(TextOf("::ffff:127.0.0.1"), "::ffff:127.0.0.1");
  EXPECT_EQ(TextOf("10.1.2.3/8"), "10.0.0.0/8");
  EXPECT_EQ(TextOf("example.com:8000-8099"), "example.com:8000-8099");
  EXPECT_EQ(TextOf("example.com:443-443"), "example.com:443");
  EXPECT_EQ(TextOf("[*]"), "*");
  EXPECT_EQ(TextOf("?*"), "*");
  EXPECT_EQ(TextOf("*:443"), "*:443");
  EXPECT_EQ(TextOf("*example.com"), "**.example.com");
  EXPECT_EQ(TextOf("2130706433"), "127.0.0.1");
}

TEST(HostPatternTest, CoversNames) {
  EXPECT_TRUE(Allows("example.com", "EXAMPLE.com."));
  EXPECT_FALSE(Allows("example.com", "www.example.com"));
  EXPECT_FALSE(Allows("example.com", "xexample.com"));
  EXPECT_TRUE(Allows("*.example.com", "a.b.example.com"));
  EXPECT_FALSE(Allows("*.example.com", "example.com"));
  EXPECT_TRUE(Allows("**.example.com", "example.com"));
  EXPECT_TRUE(Allows("**.example.com", "a.example.com"));
  EXPECT_FALSE(Allows("**.example.com", "evilexample.com"));
  EXPECT_TRUE(Allows("*", "anything.test"));
  EXPECT_TRUE(Allows("*", "[2606::1]"));
}

TEST(HostPatternTest, WildcardsStayInTheirLabel) {
  EXPECT_TRUE(Allows("api-*.example.com", "api-1.example.com"));
  EXPECT_FALSE(Allows("api-*.example.com", "api-1.evil.example.com"));
  EXPECT_TRUE(Allows("example.*", "example.com"));
  EXPECT_FALSE(Allows("example.*", "example.com.evil.test"));
  EXPECT_TRUE(Allows("ex?mple.com", "example.com"));
  EXPECT_FALSE(Allows("ex?mple.com", "ex.mple.com"));
  EXPECT_TRUE(Allows("?example.com", "xexample.com"));
  EXPECT_FALSE(Allows("?example.com", "example.com"));
  EXPECT_FALSE(Allows("?example.com", "www.example.com"));
  EXPECT_TRUE(Allows("*.*.example.com", "a.b.c.example.com"));
  EXPECT_FALSE(Allows("*.*.example.com", "a.example.com"));
  EXPECT_TRUE(Allows("*.*", "a.example.com"));
  EXPECT_FALSE(Allows("*.*", "localhost"));
  EXPECT_TRUE(Allows("*example.com", "www.example.com"));
  EXPECT_FALSE(Allows("*example.com", "evilexample.com"));
  EXPECT_TRUE(Allows("*-api.example.com", "my-api.example.com"));
  EXPECT_FALSE(Allows("*-api.example.com", "a.my-api.example.com"));
}

TEST(HostPatternTest, InADenyWildcardsCrossDots) {
  EXPECT_TRUE(Denies("api-*.example.com", "api-1.evil.example.com"));
  EXPECT_TRUE(Denies("*example.com", "evilexample.com"));
  EXPECT_TRUE(Denies("*example.com", "www.example.com"));
  EXPECT_TRUE(Denies("*.*", "example.com"));
  EXPECT_TRUE(Denies("*.*", "8.8.8.8"));
  EXPECT_TRUE(Denies("8.8.8.*", "8.8.8.8"));
  EXPECT_TRUE(Denies("8.8.8.*", "8.8.8.evil.test"));
  EXPECT_FALSE(Denies("api-*.example.com", "example.com"));
}

TEST(HostPatternTest, HonoursPorts) {
  EXPECT_TRUE(Allows("example.com:443", "example.com", 443));
  EXPECT_FALSE(Allows("example.com:443", "example.com", 22));
  EXPECT_TRUE(Allows("example.com:8000-8099", "example.com", 8099));
  EXPECT_FALSE(Allows("example.com:8000-8099", "example.com", 8100));
  EXPECT_TRUE(Allows("example.com", "example.com", 1));
  EXPECT_FALSE(Allows("*:443", "example.com", 80));
}

TEST(HostPatternTest, AllowsAddressesInTheSpellingOfTheRule) {
  EXPECT_TRUE(Allows("0:0:0:0:0:0:0:1", "[::1]"));
  EXPECT_TRUE(Allows("127.0.0.1", "127.0.0.1"));
  EXPECT_FALSE(Allows("127.0.0.1", "2130706433"));
  EXPECT_FALSE(Allows("127.0.0.1", "[::ffff:127.0.0.1]"));
  EXPECT_TRUE(Allows("::ffff:127.0.0.1", "[::ffff:7f00:1]"));
  EXPECT_FALSE(Allows("::ffff:127.0.0.1", "127.0.0.1"));
  EXPECT_TRUE(Allows("10.0.0.0/8", "10.9.9.9"));
  EXPECT_FALSE(Allows("10.0.0.0/8", "11.0.0.0"));
  EXPECT_TRUE(Allows("2606:2800::/32", "[2606:2800:1::]"));
  EXPECT_TRUE(Allows("127.*", "127.0.0.1"));
  EXPECT_TRUE(Allows("*.0.0.1", "127.0.0.1"));
  EXPECT_FALSE(Allows("10.*", "10.evil.test"));
}

TEST(HostPatternTest, DeniesAddressesInEverySpelling) {
  for (const std::string_view host :
       {"93.184.216.34", "1572395042", "0x5db8d822", "0135.0270.0330.042", "93.184.55330",
        "[::ffff:93.184.216.34]", "[64:ff9b::93.184.216.34]", "[2002:5db8:d822::1]"}) {
    EXPECT_TRUE(Denies("93.184.216.34", host)) << host;
    EXPECT_TRUE(Denies("93.184.0.0/16", host)) << host;
  }
  EXPECT_FALSE(Denies("93.184.216.34", "93.184.216.35"));
}

TEST(HostPatternTest, ADenyOfLoopbackCoversAllItsSpellings) {
  for (const std::string_view pattern : {"localhost", "127.0.0.1", "::1", "127.0.0.0/8", "127.*"}) {
    for (const std::string_view host : {"localhost", "foo.localhost", "127.0.0.1", "[::1]", "127.1",
                                        "0.0.0.0", "[::]", "[64:ff9b::7f00:1]"}) {
      EXPECT_TRUE(Denies(pattern, host)) << pattern << " " << host;
    }
  }
  EXPECT_TRUE(Denies("localhost", "127.0.0.2"));
  EXPECT_TRUE(Denies("local*", "127.0.0.1"));
  EXPECT_FALSE(Denies("127.0.0.1", "127.0.0.2"));
  EXPECT_FALSE(Denies("localhost", "10.0.0.1"));
}

TEST(HostPatternTest, RefusesWithAWayOut) {
  struct Case {
    std::string_view pattern, message;
  };
  constexpr std::array kCases = {
      Case{"", "is empty; name a host"},
      Case{"  ", "is empty"},
      Case{"*.", "is empty"},
      Case{"**.", "is empty"},
      Case{":443", "is empty before its port"},
      Case{"**", "repeats the wildcard"},
      Case{"***", "repeats the wildcard"},
      Case{"a**b.com", "repeats the wildcard"},
      Case{"**example.com", "repeats the wildcard"},
      Case{"*.**.com", "repeats the wildcard"},
      Case{"**.*", "repeats the wildcard"},
      Case{"https://example.com", "is a URL; write the host alone"},
      Case{"example.com/path", "leave out the path"},
      Case{"10.0.0.0/33", "leave out the path"},
      Case{"8.8.8.8/32", "is a range of one address; write \"8.8.8.8\" alone"},
      Case{"a b", "has ' ', which no host has"},
      Case{"{a,b}.x", "has '{', which no host has"},
      Case{"\\x", "which no host has"},
      Case{"user@host", "has '@'"},
      Case{"!example.com", "has '!'"},
      Case{"host%", "has '%'"},
      Case{"[fe80::1%25lo]", "has a zone id"},
      Case{"fe80::1%lo", "has a zone id"},
      Case{"[example.com]", "has brackets"},
      Case{"[a-c].x", "has brackets"},
      Case{"region[*].x", "has brackets"},
      Case{"[", "has brackets"},
      Case{"a[", "has brackets"},
      Case{"example.com:", "must end in a port from 1 to 65535"},
      Case{"example.com:abc", "must end in a port"},
      Case{"example.com:99999", "must end in a port"},
      Case{"example.com:0", "must end in a port"},
      Case{"example.com:90-80", "must end in a port"},
      Case{"1:2:3", "with a port the address stands in brackets"},
      Case{".example.com", "has an empty label"},
      Case{"a..com", "has an empty label"},
      Case{"-a.com", "no label begins or ends with '-'"},
      Case{"example\xe3\x80\x82"
           "com",
           "has a dot that is not the ASCII one"},
      Case{"*b\xc3\xbc"
           "cher.example",
           "has a wildcard beside other characters"},
      Case{"1\xcd\x8f.?", "what ends in a number is an address"},
      Case{"\xef\xbc\x91.*", "what ends in a number is an address"},
      Case{"xn--.example", "no label begins or ends"},
      Case{"a*b*.example.com", "has two '*' in one label"},
      Case{"300.*", "cannot match"},
      Case{"1.2.3.4.5", "neither a name nor part of an IPv4 address"},
      Case{"**.0.0.1", "cannot match"},
  };
  for (const Case& one : kCases) {
    for (const bool allow : {true, false}) {
      const auto read = ParseHostPattern(one.pattern, allow);
      ASSERT_FALSE(read) << one.pattern;
      EXPECT_THAT(read.error().message, HasSubstr(one.message)) << one.pattern;
    }
  }
  EXPECT_FALSE(ParseHostPattern(std::string(64, 'a') + ".com", true));
}

TEST(HostPatternTest, RefusesToDenyEverythingOrSinglePorts) {
  for (const std::string_view pattern : {"*", "[*]", "?*"}) {
    EXPECT_THAT(TextOf(pattern, false), HasSubstr("what no entry allows is denied already"));
  }
  EXPECT_EQ(TextOf("example.com:80", false),
            "the host pattern 'example.com:80' names a port, but a deny covers every port; write "
            "\"example.com\", or allow only the ports that are wanted");
}

TEST(HostPatternTest, KnowsWildcardsOverOtherPeoplesNames) {
  const auto broad = [](std::string_view pattern) {
    return ParseHostPattern(pattern, true)->broad;
  };
  EXPECT_EQ(broad("*.com"), "com");
  EXPECT_EQ(broad("**.co.uk"), "co.uk");
  EXPECT_EQ(broad("*.s3.amazonaws.com"), "s3.amazonaws.com");
  EXPECT_EQ(broad("ex?mple.com"), "com");
  EXPECT_EQ(broad("?example.com"), "com");
  EXPECT_EQ(broad("example.*"), "*");
  EXPECT_EQ(broad("*.*"), "*");
  EXPECT_EQ(broad("*.example.com"), "");
  EXPECT_EQ(broad("**.internal"), "");
  EXPECT_EQ(broad("*-api.example.com"), "");
}

}  // namespace
}  // namespace ambit::policy
