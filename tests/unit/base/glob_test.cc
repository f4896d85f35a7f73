#include "base/glob.h"

#include <gtest/gtest.h>

#include <ctime>
#include <string>
#include <string_view>

#include "base/path_text.h"

namespace ambit {
namespace {

struct Row {
  const char* pattern;
  const char* path;
  bool want;
};
class GlobMatchTest : public testing::TestWithParam<Row> {};

TEST_P(GlobMatchTest, DecidesAsWritten) {
  const Result<Glob> glob = Glob::Compile(GetParam().pattern);
  ASSERT_TRUE(glob) << glob.error().message;
  EXPECT_EQ(glob->Matches(GetParam().path), GetParam().want)
      << GetParam().pattern << " on " << GetParam().path;
}

INSTANTIATE_TEST_SUITE_P(
    Names, GlobMatchTest,
    testing::Values(Row{"*.env", "x.env", true}, Row{"*.env", ".env", true},
                    Row{"*.env", "d/x.env", false}, Row{"*.env", "X.ENV", false},
                    Row{"*.env", "x.env2", false}, Row{"*a*b*", "xxaxxbxx", true},
                    Row{"*a*b*", "xxbxxaxx", false}, Row{"*ab", "aab", true}, Row{"*", "", false},
                    Row{"?", "ü", true}, Row{"?", "\xff", true}, Row{"?", "\xc3", true},
                    Row{"??", "\xc3\xbc", false}, Row{"??", "\xe2\x82", true}, Row{"?", "", false},
                    Row{"ün*", "ünï.env", true}, Row{"a?c", "a/c", false},
                    Row{"!*.env", "!a.env", true}, Row{"!*.env", "a.env", false},
                    Row{"***.env", "a.env", true}, Row{"new*", "new\nline", true}));

INSTANTIATE_TEST_SUITE_P(
    Sets, GlobMatchTest,
    testing::Values(Row{"[xz].env", "x.env", true}, Row{"[xz].env", "y.env", false},
                    Row{"[w-y]", "x", true}, Row{"[w-y]", "z", false}, Row{"[!x]", "y", true},
                    Row{"[^x]", "x", false}, Row{"[!x]", "", false}, Row{"a[!x]b", "a/b", false},
                    Row{"[à-ü]", "é", true}, Row{"[!a]", "\xff", true}, Row{"[]a]", "]", true},
                    Row{"[!]]", "]", false}, Row{"[a-]", "-", true}, Row{"[a-]", "b", false},
                    Row{"[*]", "*", true}, Row{"[*]", "x", false}, Row{"[[]", "[", true},
                    Row{"[?]", "?", true}, Row{"x.en]v", "x.en]v", true}, Row{"[ab", "[ab", true},
                    Row{"[]", "[]", true}, Row{"[!]", "[!]", true}, Row{"[", "[", true},
                    Row{"[\\d]", "\\", true}));

INSTANTIATE_TEST_SUITE_P(
    Braces, GlobMatchTest,
    testing::Values(Row{"*.{env,txt}", "a.txt", true}, Row{"*.{env,txt}", "a.md", false},
                    Row{"*.{e{nv,nx},txt}", "a.enx", true}, Row{"a{,b}", "a", true},
                    Row{"a{,b}", "ab", true}, Row{"{a/b,c}/d*", "a/b/d1", true},
                    Row{"{a/b,c}/d*", "c/d", true}, Row{"{a/b,c}/d*", "a/d", false},
                    Row{"{**,q}/x*", "a/b/x", true}, Row{"{,b}**", "ba", true},
                    Row{"{,a/}x*", "x1", true}, Row{"{,a/}x*", "a/x1", true}, Row{"{a}", "a", true},
                    Row{"a,b*", "a,b", true}, Row{"a}*", "a}", true}, Row{"\\{a*", "{a", true},
                    Row{"{a\\,b,c}*", "a,b", true}, Row{"{[,],x}", ",", true}));

INSTANTIATE_TEST_SUITE_P(
    Depths, GlobMatchTest,
    testing::Values(Row{"**/*.env", "x.env", true}, Row{"**/*.env", "a/b/c/x.env", true},
                    Row{"d/**", "d/x", true}, Row{"d/**", "d/x/y", true}, Row{"d/**", "d", false},
                    Row{"d/**", "dx/y", false}, Row{"**", "a", true}, Row{"**", "a/b", true},
                    Row{"**", "", false}, Row{"a/**/b", "a/b", true},
                    Row{"a/**/b", "a/x/y/b", true}, Row{"a/**/b", "ab", false},
                    Row{"a/**/b/**/c", "a/b/x/b/c", true}, Row{"**/a/**", "a", false},
                    Row{"**/a/**", "x/a/y", true}, Row{"**.env", "x.env", true},
                    Row{"**.env", "d/x.env", false}, Row{"a**b/c", "axb/c", true},
                    Row{"*/*.env", "d/.env", true}, Row{"*/*.env", "d/e/x.env", false},
                    Row{"a//b*", "a/b", true}, Row{"**/**/x", "x", true},
                    Row{"a/**/**", "a", false}, Row{"\\*.env", "*.env", true},
                    Row{"\\*.env", "y.env", false}));

struct DepthRow {
  const char* pattern;
  std::uint32_t depth;
  const char* path;
  bool want;
};
class GlobDepthTest : public testing::TestWithParam<DepthRow> {};

TEST_P(GlobDepthTest, LimitsOnlyTheDoubleStar) {
  const Result<Glob> glob = Glob::Compile(GetParam().pattern);
  ASSERT_TRUE(glob);
  EXPECT_EQ(glob->Matches(GetParam().path, GetParam().depth), GetParam().want);
}

INSTANTIATE_TEST_SUITE_P(Depths, GlobDepthTest,
                         testing::Values(DepthRow{"**/*.env", 1, "x.env", true},
                                         DepthRow{"**/*.env", 1, "d/x.env", false},
                                         DepthRow{"**/*.env", 5, "a/b/c/d/x.env", true},
                                         DepthRow{"**/*.env", 5, "a/b/c/d/e/x.env", false},
                                         DepthRow{"*/*.env", 1, "d/x.env", true},
                                         DepthRow{"*/**/*.env", 1, "d/x.env", true},
                                         DepthRow{"*/**/*.env", 1, "d/e/x.env", false},
                                         DepthRow{"**", 1, "a", true},
                                         DepthRow{"**", 1, "a/b", false},
                                         DepthRow{"**/*.env", 4294967295U, "a/b/x.env", true}));

TEST(GlobTest, MatchesAtOrAboveFindsADirectoryOnTheWay) {
  const Result<Glob> glob = Glob::Compile("**/*.env");
  ASSERT_TRUE(glob);
  EXPECT_TRUE(glob->MatchesAtOrAbove("a/b.env/c/d", std::nullopt));
  EXPECT_TRUE(glob->MatchesAtOrAbove("a/b.env/c/d", 2));
  EXPECT_FALSE(glob->MatchesAtOrAbove("a/b.env/c/d", 1));
  EXPECT_FALSE(glob->MatchesAtOrAbove("a/b/c", std::nullopt));
  EXPECT_FALSE(glob->MatchesAtOrAbove("", std::nullopt));
}

TEST(GlobTest, MayMatchBelowEndsAWalkEarly) {
  const Result<Glob> plain = Glob::Compile("a/*/c");
  ASSERT_TRUE(plain);
  EXPECT_TRUE(plain->MayMatchBelow("", std::nullopt));
  EXPECT_TRUE(plain->MayMatchBelow("a", std::nullopt));
  EXPECT_TRUE(plain->MayMatchBelow("a/x", std::nullopt));
  EXPECT_FALSE(plain->MayMatchBelow("a/x/c", std::nullopt));
  EXPECT_FALSE(plain->MayMatchBelow("b", std::nullopt));
  const Result<Glob> deep = Glob::Compile("**/x");
  ASSERT_TRUE(deep);
  EXPECT_TRUE(deep->MayMatchBelow("a/b/c", std::nullopt));
  EXPECT_TRUE(deep->MayMatchBelow("a", 2));
  EXPECT_FALSE(deep->MayMatchBelow("a/b", 2));
}

TEST(GlobTest, KnowsWhenOnlyTheLastNameDecides) {
  const auto basename_only = [](const char* pattern) {
    const Result<Glob> glob = Glob::Compile(pattern);
    return glob && glob->is_basename_only();
  };
  EXPECT_TRUE(basename_only("**/*.env"));
  EXPECT_TRUE(basename_only("**/{*.env,x}"));
  EXPECT_FALSE(basename_only("*.env"));
  EXPECT_FALSE(basename_only("**/a/*.env"));
  EXPECT_FALSE(basename_only("**"));
  const Result<Glob> glob = Glob::Compile("**/*.{env,key}");
  ASSERT_TRUE(glob);
  EXPECT_TRUE(glob->has_globstar());
  EXPECT_TRUE(glob->MatchesBaseName("a.key"));
  EXPECT_FALSE(glob->MatchesBaseName("a.txt"));
  EXPECT_EQ(glob->text(), "**/*.{env,key}");
}

TEST(GlobTest, GivesAnExampleThatAFileCanBeCalled) {
  for (const char* pattern : {"**/*.env", "*", "**", ".*", "..*", ".?", "**/.*/[!a]*", "[.]*",
                              "a/**", "{.*,zz}", "**/[.]*[.]"}) {
    const Result<Glob> glob = Glob::Compile(pattern);
    ASSERT_TRUE(glob) << pattern;
    const std::string example = glob->Example();
    EXPECT_TRUE(glob->Matches(example)) << pattern << " on " << example;
    for (const std::string_view name : Components(example)) {
      EXPECT_NE(name, ".") << pattern;
      EXPECT_NE(name, "..") << pattern;
    }
  }
  const Result<Glob> nothing = Glob::Compile("d/[.][.]");
  ASSERT_TRUE(nothing);
  EXPECT_EQ(nothing->Example(), "");
}

struct BadRow {
  const char* pattern;
  const char* message;
};
class GlobErrorTest : public testing::TestWithParam<BadRow> {};

TEST_P(GlobErrorTest, SaysWhatIsWrong) {
  const Result<Glob> glob = Glob::Compile(GetParam().pattern);
  ASSERT_FALSE(glob);
  EXPECT_EQ(glob.error().code, ErrorCode::kInvalidConfig);
  EXPECT_EQ(glob.error().message, GetParam().message);
}

INSTANTIATE_TEST_SUITE_P(
    Patterns, GlobErrorTest,
    testing::Values(
        BadRow{"*.{env",
               "pattern '*.{env' has a '{' that is never closed; close it, or write '\\{' for a "
               "brace"},
        BadRow{"[z-a]",
               "pattern '[z-a]' has a range that runs backwards; put the smaller character first"},
        BadRow{"a[b/c]*",
               "pattern 'a[b/c]*' has a '/' between '[' and ']'; write '[[]' for a bracket"},
        BadRow{"*\\", "pattern '*\\\\' ends in a lone '\\'; write '\\\\' for a backslash"},
        BadRow{"a/../*", "pattern 'a/../*' has a '.' or '..' component; write the path without it"},
        BadRow{"", "pattern '' names nothing"}));

TEST(GlobTest, RefusesWhatWouldExplode) {
  std::string braces;
  for (int i = 0; i < 12; ++i) braces += "{a,b}";
  EXPECT_FALSE(Glob::Compile(braces));
  EXPECT_FALSE(Glob::Compile(std::string(100000, '{')));
  std::string deep = "*";
  for (int i = 0; i < 63; ++i) deep += "/*";
  EXPECT_FALSE(Glob::Compile(deep));
}

TEST(GlobTest, ManyStarsStayLinear) {
  std::string pattern;
  for (int i = 0; i < 100; ++i) pattern += "*a";
  const Result<Glob> glob = Glob::Compile(pattern + "*b");
  ASSERT_TRUE(glob);
  const std::clock_t start = std::clock();
  EXPECT_FALSE(glob->Matches(std::string(4000, 'a')));
  EXPECT_LT(std::clock() - start, 2 * CLOCKS_PER_SEC);
}

TEST(GlobTest, FixedPrefixEndsAtTheLastSlashBeforeAMeaning) {
  const auto expect = [](const char* pattern, const char* fixed, const char* rest) {
    const PatternParts parts = SplitFixedPrefix(pattern);
    EXPECT_EQ(parts.fixed, fixed) << pattern;
    EXPECT_EQ(parts.rest, rest) << pattern;
  };
  expect("/a/b/*.env", "/a/b", "*.env");
  expect("/a/b*/c", "/a", "b*/c");
  expect("/*.env", "/", "*.env");
  expect("*.env", "", "*.env");
  expect("d/e/*.env", "d/e", "*.env");
  expect("/a/{b,c}/*", "/a", "{b,c}/*");
  expect("/a/\\*/*", "/a", "\\*/*");
}

}  // namespace
}  // namespace ambit
