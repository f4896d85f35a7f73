#include "proxy/scrubber.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ambit::proxy {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

Scrubber Make(const Pairs& pairs) {
  Scrubber out;
  for (const auto& [secret, shown] : pairs) out.Add(secret, shown);
  return out;
}

std::string InPieces(const Pairs& pairs, std::span<const std::string> pieces) {
  Scrubber scrubber = Make(pairs);
  Buffer out;
  std::size_t longest = 0;
  for (const auto& [secret, shown] : pairs) longest = std::max(longest, secret.size());
  for (const std::string& piece : pieces) {
    scrubber.Feed(piece, out);
    EXPECT_LT(scrubber.held(), longest);
  }
  scrubber.Finish(out);
  EXPECT_EQ(scrubber.held(), 0U);
  return std::string(out.view());
}

/// The leftmost, and of those the longest, is replaced; nothing is read twice.
std::string Expected(const Pairs& pairs, std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::pair<std::string, std::string>* best = nullptr;
    for (const auto& pair : pairs) {
      if (!text.starts_with(pair.first)) continue;
      if (best == nullptr || pair.first.size() > best->first.size()) best = &pair;
    }
    out += best == nullptr ? text.substr(0, 1) : std::string_view(best->second);
    text.remove_prefix(best == nullptr ? 1 : best->first.size());
  }
  return out;
}

const Pairs kTwo = {{"ghp_0123456789abcdef", "ghp_masked0000000000"}, {"ghp_0123", "xxxxxxxx"}};

TEST(ScrubberTest, ReplacesAtEverySplit) {
  const std::string text = "a ghp_0123456789abcdef,ghp_0123ghp_0123456789abcdeghp_ghp_012";
  const std::string expected = "a ghp_masked0000000000,xxxxxxxxxxxxxxxx456789abcdeghp_ghp_012";
  EXPECT_EQ(Expected(kTwo, text), expected);
  EXPECT_EQ(Scrubbed(Make(kTwo), text), expected);
  for (std::size_t i = 0; i <= text.size(); ++i) {
    for (std::size_t j = i; j <= text.size(); ++j) {
      const std::string pieces[] = {text.substr(0, i), text.substr(i, j - i), text.substr(j)};
      ASSERT_EQ(InPieces(kTwo, pieces), expected) << i << " " << j;
    }
  }
}

TEST(ScrubberTest, AgreesWithReplacingAtOnceWhereverItIsSplit) {
  std::mt19937 random(11);
  const auto text = [&random](std::size_t most) {
    std::string out;
    for (std::size_t i = random() % (most + 1); i > 0; --i) {
      out += static_cast<char>('a' + random() % 2);
    }
    return out;
  };
  for (int round = 0; round < 20000; ++round) {
    Pairs pairs;
    for (std::size_t i = 1 + random() % 3; i > 0; --i) {
      const std::string secret = "a" + text(5);
      const bool known =
          std::ranges::any_of(pairs, [&secret](const auto& pair) { return pair.first == secret; });
      if (!known)
        pairs.emplace_back(secret, std::string(secret.size(), static_cast<char>('0' + i)));
    }
    std::string whole;
    std::vector<std::string> pieces;
    for (std::size_t i = random() % 6; i > 0; --i) {
      pieces.push_back(text(9));
      whole += pieces.back();
    }
    ASSERT_EQ(InPieces(pairs, pieces), Expected(pairs, whole)) << whole;
    ASSERT_EQ(Scrubbed(Make(pairs), whole), Expected(pairs, whole)) << whole;
  }
}

TEST(ScrubberTest, KeepsEveryLength) {
  Scrubber scrubber;
  scrubber.Add("secret", "longer than that");
  scrubber.Add("", "");
  EXPECT_TRUE(scrubber.empty());
  EXPECT_EQ(Scrubbed(scrubber, "secret"), "secret");
}

TEST(ScrubberTest, WithoutSecretsPassesEverythingOnAtOnce) {
  Scrubber scrubber;
  Buffer out;
  scrubber.Feed("ab", out);
  EXPECT_EQ(out.view(), "ab");
  EXPECT_EQ(scrubber.held(), 0U);
}

TEST(ScrubberTest, TakesAnyBytes) {
  const std::string secret("\0\xff\x80key", 6);
  const Pairs pairs = {{secret, "xxxxxx"}};
  EXPECT_EQ(Scrubbed(Make(pairs), std::string(1, '\0') + secret + "\xff"),
            std::string(1, '\0') + "xxxxxx\xff");
}

}  // namespace
}  // namespace ambit::proxy
