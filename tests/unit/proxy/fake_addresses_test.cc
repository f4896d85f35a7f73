#include "proxy/fake_addresses.h"

#include <gtest/gtest.h>

namespace ambit::proxy {
namespace {

TEST(FakeAddressesTest, GiveANameOneAddressAndBack) {
  FakeAddresses fakes;
  const IpAddress first = fakes.AddressOf("a.test");
  EXPECT_EQ(first.Text(), "198.18.0.1");
  EXPECT_EQ(fakes.AddressOf("b.test").Text(), "198.18.0.2");
  EXPECT_EQ(fakes.AddressOf("a.test"), first);
  ASSERT_NE(fakes.NameOf(first), nullptr);
  EXPECT_EQ(*fakes.NameOf(first), "a.test");
}

TEST(FakeAddressesTest, KnowOnlyWhatTheyGave) {
  FakeAddresses fakes;
  static_cast<void>(fakes.AddressOf("a.test"));
  for (const char* text :
       {"198.18.0.0", "198.18.0.2", "198.19.255.255", "198.20.0.1", "10.0.0.1"}) {
    EXPECT_EQ(fakes.NameOf(*ParseIp(text)), nullptr) << text;
  }
  EXPECT_TRUE(FakeAddresses::IsFake(*ParseIp("198.19.255.255")));
  EXPECT_FALSE(FakeAddresses::IsFake(*ParseIp("198.20.0.0")));
  EXPECT_FALSE(FakeAddresses::IsFake(*ParseIp("::1")));
}

TEST(FakeAddressesTest, TakeTheOldestAwayWhenThereAreTooMany) {
  FakeAddresses fakes(2);
  const IpAddress first = fakes.AddressOf("a.test");
  static_cast<void>(fakes.AddressOf("b.test"));
  EXPECT_EQ(fakes.AddressOf("c.test"), first);
  EXPECT_EQ(*fakes.NameOf(first), "c.test");
  EXPECT_NE(fakes.AddressOf("a.test"), first);
}

}  // namespace
}  // namespace ambit::proxy
