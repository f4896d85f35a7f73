#include "proxy/secrets.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>

namespace ambit::proxy {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr std::string_view kRandom =
    "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

TEST(SecretsTest, ADummyLooksLikeItsSecret) {
  constexpr std::pair<std::string_view, std::string_view> kCases[] = {
      {"ghp_16C7e42F292c6912E7710c838347Ae178B4a", "ghp_masked"},
      {"github_pat_11ABCDEFG0123456789_abcdefghij", "github_pat_masked"},
      {"sk-proj-abcdefghijklmnop", "sk-proj-masked"},
      {"sk-abcdefghijklmnop", "sk-masked"},
      {"0b5a1c9e-2f6d-4a7b", "masked"},
      {"abcdefghijklmnop", "masked"},
      {"github_pat_12345", "masked"},  // the prefix would leave no room
  };
  for (const auto& [real, start] : kCases) {
    const std::string dummy = DummyFor(real, kRandom);
    EXPECT_EQ(dummy.size(), real.size()) << real;
    EXPECT_THAT(dummy, StartsWith(std::string(start)));
    EXPECT_EQ(dummy,
              std::string(start) + std::string(kRandom.substr(0, real.size() - start.size())));
  }
  EXPECT_EQ(DummyFor("short", kRandom), "xxxxx");
}

TEST(SecretsTest, ADummyTellsNothingOfTheSecretButItsPrefix) {
  const std::string_view real = "zQ7-private-part-of-a-token";
  const std::string dummy = DummyFor(real, kRandom);
  EXPECT_THAT(dummy, Not(HasSubstr("private")));
  EXPECT_THAT(dummy, Not(StartsWith("zQ7")));
}

TEST(SecretsTest, ArePassedOnAsTheyAre) {
  Secrets secrets;
  secrets.push_back({SecretText("first secret"), "xxxxx xxxxxx"});
  secrets.push_back({SecretText(std::string_view("\0\xff", 2)), "yy"});
  const SecretText packed = Pack(secrets);
  const auto back = Unpack(packed.view());
  ASSERT_TRUE(back);
  ASSERT_EQ(back->size(), 2U);
  EXPECT_EQ((*back)[0].real.view(), "first secret");
  EXPECT_EQ((*back)[0].dummy, "xxxxx xxxxxx");
  EXPECT_EQ((*back)[1].real.view(), std::string_view("\0\xff", 2));
  for (std::size_t size = 1; size < packed.size(); ++size) {
    const auto cut = Unpack(packed.view().substr(0, size));
    EXPECT_TRUE(!cut || cut->size() == 1) << size;
  }
  EXPECT_TRUE(Unpack("")->empty());
}

}  // namespace
}  // namespace ambit::proxy
