#include "proxy/no_proxy.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace ambit::proxy {
namespace {

struct Case {
  const char* name;
  const char* entry;
  const char* host;
  int port;
  bool direct;
};
class NoProxyTest : public testing::TestWithParam<Case> {};

TEST_P(NoProxyTest, GoesDirect) {
  const auto to =
      policy::ParseDestination(GetParam().host, static_cast<std::uint16_t>(GetParam().port));
  ASSERT_TRUE(to);
  EXPECT_EQ(GoesDirect(std::vector<std::string>{GetParam().entry}, *to), GetParam().direct);
}

INSTANTIATE_TEST_SUITE_P(Rows, NoProxyTest,
                         testing::Values(Case{"Star", "*", "a.test", 1, true},
                                         Case{"Same", "a.test", "A.test.", 1, true},
                                         Case{"Below", "a.test", "b.a.test", 1, true},
                                         Case{"Dot", ".a.test", "b.a.test", 1, true},
                                         Case{"StarDot", "*.a.test", "b.a.test", 1, true},
                                         Case{"LookAlike", "a.test", "ba.test", 1, false},
                                         Case{"Longer", "b.a.test", "a.test", 1, false},
                                         Case{"Empty", "", "a.test", 1, false},
                                         Case{"Port", "a.test:8", "a.test", 8, true},
                                         Case{"OtherPort", "a.test:8", "a.test", 9, false},
                                         Case{"Address", "10.0.0.1", "10.0.0.1", 1, true},
                                         Case{"AddressAndPort", "10.0.0.1:9", "10.0.0.1", 9, true},
                                         Case{"OtherAddress", "10.0.0.1", "10.0.0.2", 1, false},
                                         Case{"Range", "10.0.0.0/8", "10.1.2.3", 1, true},
                                         Case{"OutOfRange", "10.0.0.0/8", "11.1.2.3", 1, false},
                                         Case{"Ipv6", "::1", "[::1]", 1, true},
                                         Case{"Bracketed", "[::1]:5", "[::1]", 5, true},
                                         Case{"NameIsNoAddress", "10.0.0.0/8", "a.test", 1, false}),
                         [](const auto& test) { return std::string(test.param.name); });

}  // namespace
}  // namespace ambit::proxy
