#include "policy/http_pattern.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <string_view>

namespace ambit::policy {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using Use = TextPattern::Use;

bool Matches(std::string_view pattern, Use use, std::string_view text) {
  const auto parsed = TextPattern::Parse(pattern, use);
  EXPECT_TRUE(parsed) << pattern << ": " << parsed.error().message;
  return parsed && parsed->Matches(text);
}

struct Match {
  std::string_view pattern;
  std::string_view text;
  bool expected;
};

TEST(TextPatternTest, ComparesPaths) {
  constexpr Match kCases[] = {
      {"/api/", "/api/x", true},
      {"/api/", "/api/", true},
      {"/api/", "/api", false},
      {"/api/", "/%61pi/x", false},
      {"/api/", "/API/x", false},
      {"literal:/a*", "/a*b", true},
      {"literal:/a*", "/ab", false},
      {"/[draft]/", "/[draft]/x", true},
      {"pattern:/a/*/x", "/a/b/x", true},
      {"pattern:/a/*/x", "/a//x", true},
      {"pattern:/a/*/x", "/a/b/c/x", false},
      {"pattern:/a/*/x", "/a/b/x/y", false},
      {"pattern:/a/*", "/a/b", true},
      {"pattern:/a/*", "/a/b/c", false},
      {"pattern:/a/**", "/a/b/c", true},
      {"pattern:/a/**/z", "/a/b/c/z", true},
      {"pattern:/a/**/z", "/a/z", false},
      {"pattern:**", "/anything/at/all", true},
      {"pattern:/a?c", "/abc", true},
      {"pattern:/a?c", "/a/c", false},
      {"pattern:/a\\*", "/a*", true},
      {"pattern:/a\\*", "/ab", false},
      {"pattern:/a*b*c", "/a1b2b3c", true},
      {"pattern:/a*b*c", "/a1b2/3c", false},
  };
  for (const auto& [pattern, text, expected] : kCases) {
    EXPECT_EQ(Matches(pattern, Use::kPath, text), expected) << pattern << " " << text;
  }
}

TEST(TextPatternTest, ComparesWholeValues) {
  constexpr Match kCases[] = {
      {"1", "1", true},           {"1", "11", false},           {"", "", true},
      {"", "x", false},           {"pattern:x*", "x", true},    {"pattern:x*", "x/y", true},
      {"pattern:x*", "y", false}, {"pattern:a?c", "a/c", true}, {"pattern:*", "", true},
  };
  for (const auto& [pattern, text, expected] : kCases) {
    EXPECT_EQ(Matches(pattern, Use::kValue, text), expected) << pattern << " " << text;
  }
}

TEST(TextPatternTest, RefusesWhatCannotBeMeant) {
  constexpr std::pair<std::string_view, std::string_view> kCases[] = {
      {"", "is empty"},
      {"literal:", "is empty"},
      {"pattern:", "is empty"},
      {"api/", "every path begins with"},
      {"pattern:*/x", "every path begins with"},
      {"pattern:/a[bc]", "has '['"},
      {"pattern:/{a,b}", "has '{'"},
      {"pattern:/a\\", "ends with '\\'"},
  };
  for (const auto& [pattern, problem] : kCases) {
    const auto parsed = TextPattern::Parse(pattern, Use::kPath);
    ASSERT_FALSE(parsed) << pattern;
    EXPECT_THAT(parsed.error().message, HasSubstr(problem)) << pattern;
  }
}

/// Every way to read the pattern, one after the other.
bool Slowly(std::string_view glob, std::string_view text) {
  if (glob.empty()) return text.empty();
  if (glob.starts_with("**")) {
    for (std::size_t i = 0; i <= text.size(); ++i) {
      if (Slowly(glob.substr(2), text.substr(i))) return true;
    }
    return false;
  }
  if (glob.front() == '*') {
    for (std::size_t i = 0; i <= text.size(); ++i) {
      if (Slowly(glob.substr(1), text.substr(i))) return true;
      if (i < text.size() && text[i] == '/') break;
    }
    return false;
  }
  if (text.empty()) return false;
  const bool one = glob.front() == '?' ? text.front() != '/' : glob.front() == text.front();
  return one && Slowly(glob.substr(1), text.substr(1));
}

TEST(TextPatternTest, AgreesWithTryingEverything) {
  std::mt19937 random(7);
  const auto pick = [&random](std::string_view from) { return from[random() % from.size()]; };
  int matched = 0;
  for (int round = 0; round < 20000; ++round) {
    std::string glob = "/", text = "/";
    for (std::size_t i = random() % 7; i > 0; --i) glob += pick("ab/*?");
    for (std::size_t i = random() % 7; i > 0; --i) text += pick("ab/");
    const bool expected = Slowly(glob, text);
    matched += expected ? 1 : 0;
    EXPECT_EQ(Matches("pattern:" + glob, Use::kPath, text), expected) << glob << " " << text;
  }
  EXPECT_GT(matched, 1000);
}

TEST(TextPatternTest, IsNotSlowedDownByAnyText) {
  std::string glob = "pattern:/";
  for (int i = 0; i < 30; ++i) glob += "*a";
  EXPECT_FALSE(Matches(glob + "b", Use::kPath, "/" + std::string(16000, 'a')));
}

TEST(DotSegmentsTest, AreFoundHoweverTheyAreWritten) {
  for (const std::string_view path :
       {"/api/../secret", "/api/.", "/..", "/a/./b", "/a/%2e%2e/b", "/a/%2E./b", "/a/..%2fb",
        "/a\\..\\b", "/a%5c..%5cb", "/a/..;x/b", "/a/.%2e"}) {
    EXPECT_TRUE(HasDotSegments(path)) << path;
  }
  for (const std::string_view path :
       {"/", "/a/b", "/a/...", "/a/.b", "/a/b.", "/a/..b/", "/.well-known/x", "/a/%2eb"}) {
    EXPECT_FALSE(HasDotSegments(path)) << path;
  }
}

TEST(QueryPairsTest, AreDecoded) {
  EXPECT_THAT(QueryPairs("a=1&b=x%20y+z&&c&=v&d=%zz&e=%4"),
              ElementsAre(Pair("a", "1"), Pair("b", "x y z"), Pair("c", ""), Pair("", "v"),
                          Pair("d", "%zz"), Pair("e", "%4")));
  EXPECT_THAT(QueryPairs(""), IsEmpty());
  EXPECT_THAT(QueryPairs("%61=%3d=1"), ElementsAre(Pair("a", "==1")));
}

}  // namespace
}  // namespace ambit::policy
