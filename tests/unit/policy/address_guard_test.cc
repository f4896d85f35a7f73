#include "policy/address_guard.h"

#include <gtest/gtest.h>

#include <string_view>

namespace ambit::policy {
namespace {

/// The table of network.md 6: first and last address of each range, and its neighbours.
TEST(AddressGuardTest, ClosesEveryRange) {
  for (const std::string_view text : {"127.0.0.0",
                                      "127.255.255.255",
                                      "::1",
                                      "0.0.0.0",
                                      "0.255.255.255",
                                      "::",
                                      "10.0.0.0",
                                      "10.255.255.255",
                                      "172.16.0.0",
                                      "172.31.255.255",
                                      "192.168.0.0",
                                      "192.168.255.255",
                                      "169.254.0.0",
                                      "169.254.169.254",
                                      "169.254.255.255",
                                      "fe80::",
                                      "febf:ffff::",
                                      "100.64.0.0",
                                      "100.127.255.255",
                                      "192.0.0.0",
                                      "192.0.0.255",
                                      "192.0.2.0",
                                      "192.0.2.255",
                                      "198.18.0.0",
                                      "198.19.255.255",
                                      "198.51.100.0",
                                      "198.51.100.255",
                                      "203.0.113.0",
                                      "203.0.113.255",
                                      "224.0.0.0",
                                      "239.255.255.255",
                                      "240.0.0.0",
                                      "255.255.255.255",
                                      "192.88.99.0",
                                      "192.88.99.255",
                                      "fc00::",
                                      "fdff:ffff::",
                                      "ff00::",
                                      "ff02::1",
                                      "::ffff:127.0.0.1",
                                      "::127.0.0.1",
                                      "::10.0.0.1",
                                      "64:ff9b::7f00:1",
                                      "64:ff9b::10.0.0.5",
                                      "64:ff9b:1::1",
                                      "64:ff9b:1::8.8.8.8",
                                      "2002:7f00:1::1",
                                      "2002:a00:5::1",
                                      "2001::1",
                                      "2001:0:ffff::",
                                      "2001:db8::1",
                                      "3fff::1",
                                      "3fff:fff::",
                                      "100::1",
                                      "fec0::1",
                                      "feff::1",
                                      "::ffff:0:127.0.0.1",
                                      "::ffff:0:8.8.8.8"}) {
    const auto address = ParseIp(text);
    ASSERT_TRUE(address) << text;
    EXPECT_NE(NonPublicRange(*address), "") << text;
  }
}

TEST(AddressGuardTest, LeavesTheRestOpen) {
  for (const std::string_view text : {"1.0.0.0",
                                      "9.255.255.255",
                                      "11.0.0.0",
                                      "100.63.255.255",
                                      "100.128.0.0",
                                      "126.255.255.255",
                                      "128.0.0.0",
                                      "169.253.255.255",
                                      "169.255.0.0",
                                      "172.15.255.255",
                                      "172.32.0.0",
                                      "192.0.1.0",
                                      "192.0.3.0",
                                      "192.88.98.255",
                                      "192.88.100.0",
                                      "192.167.255.255",
                                      "192.169.0.0",
                                      "198.17.255.255",
                                      "198.20.0.0",
                                      "198.51.101.0",
                                      "203.0.112.255",
                                      "203.0.114.0",
                                      "223.255.255.255",
                                      "8.8.8.8",
                                      "2606:2800:220:1::1",
                                      "64:ff9b::8.8.8.8",
                                      "2002:808:808::1",
                                      "::8.8.8.8",
                                      "2001:1::1",
                                      "2001:db7::1",
                                      "2001:db9::1",
                                      "3ffe::1",
                                      "3fff:1000::",
                                      "100:0:0:1::1",
                                      "64:ff9b:2::1"}) {
    const auto address = ParseIp(text);
    ASSERT_TRUE(address) << text;
    EXPECT_EQ(NonPublicRange(*address), "") << text;
  }
}

TEST(AddressGuardTest, KnowsMetadataServicesOutsideLinkLocal) {
  for (const std::string_view text :
       {"100.100.100.200", "168.63.129.16", "fd00:ec2::254", "64:ff9b::168.63.129.16"}) {
    EXPECT_TRUE(IsCloudMetadata(*ParseIp(text))) << text;
  }
  EXPECT_FALSE(IsCloudMetadata(*ParseIp("169.254.169.254")));
  EXPECT_FALSE(IsCloudMetadata(*ParseIp("168.63.129.17")));
}

TEST(AddressGuardTest, KnowsLoopback) {
  for (const std::string_view text : {"127.0.0.1", "127.9.9.9", "::1", "0.0.0.0",
                                      "::", "64:ff9b::127.0.0.1", "::ffff:127.0.0.1"}) {
    EXPECT_TRUE(IsLoopback(*ParseIp(text))) << text;
  }
  for (const std::string_view text : {"128.0.0.1", "0.0.0.1", "::2", "10.0.0.1"}) {
    EXPECT_FALSE(IsLoopback(*ParseIp(text))) << text;
  }
}

TEST(AddressGuardTest, KnowsRangesThatAreClosedAsAWhole) {
  EXPECT_TRUE(IsWhollyNonPublic(*ParseIpRange("127.0.0.0/8")));
  EXPECT_TRUE(IsWhollyNonPublic(*ParseIpRange("10.1.0.0/16")));
  EXPECT_TRUE(IsWhollyNonPublic(*ParseIpRange("fd00::/8")));
  EXPECT_FALSE(IsWhollyNonPublic(*ParseIpRange("8.0.0.0/7")));
  EXPECT_FALSE(IsWhollyNonPublic(*ParseIpRange("0.0.0.0/0")));
}

}  // namespace
}  // namespace ambit::policy
