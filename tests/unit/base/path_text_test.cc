#include "base/path_text.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace ambit {
namespace {

struct TextCase {
  const char* name;
  const char* in;
  const char* want;
};
std::string NameOf(const testing::TestParamInfo<TextCase>& test) { return test.param.name; }

class FoldPathTest : public testing::TestWithParam<TextCase> {};
TEST_P(FoldPathTest, IsTextual) { EXPECT_EQ(FoldPath(GetParam().in), GetParam().want); }
INSTANTIATE_TEST_SUITE_P(
    Paths, FoldPathTest,
    testing::Values(TextCase{"Root", "/", "/"}, TextCase{"Slashes", "//a///b//", "/a/b"},
                    TextCase{"Dot", "/./a/./b/.", "/a/b"},
                    TextCase{"ParentCancels", "/a/b/../c", "/a/c"},
                    TextCase{"ParentToRoot", "/a/..", "/"},
                    TextCase{"ParentAboveRoot", "/../../a", "/a"},
                    TextCase{"ThreeDotsAreAName", "/.../..a/a..", "/.../..a/a.."},
                    TextCase{"Braces", "/{a}/ b", "/{a}/ b"}),
    NameOf);

class PrintableTest : public testing::TestWithParam<TextCase> {};
TEST_P(PrintableTest, FitsOneLine) { EXPECT_EQ(Printable(GetParam().in), GetParam().want); }
INSTANTIATE_TEST_SUITE_P(
    Texts, PrintableTest,
    testing::Values(TextCase{"Plain", "/a b/c", "/a b/c"}, TextCase{"Newline", "a\nb", "a\\nb"},
                    TextCase{"Escape", "\x1b[31m", "\\x1b[31m"},
                    TextCase{"Delete", "\x7f", "\\x7f"}, TextCase{"Quotes", "'\"\\", "\\'\\\"\\\\"},
                    TextCase{"Utf8", "ünï", "ünï"}, TextCase{"InvalidByte", "a\xff", "a\\xff"},
                    TextCase{"CutCharacter", "\xe2\x82", "\\xe2\\x82"},
                    TextCase{"Overlong", "\xc0\xaf", "\\xc0\\xaf"},
                    TextCase{"Surrogate", "\xed\xa0\x80", "\\xed\\xa0\\x80"},
                    TextCase{"TerminalControl", "\xc2\x9b", "\\xc2\\x9b"}),
    NameOf);

struct BelowCase {
  const char* name;
  const char* path;
  const char* ancestor;
  bool want;
  const char* relative;
};
class IsAtOrBelowTest : public testing::TestWithParam<BelowCase> {};
TEST_P(IsAtOrBelowTest, ComparesWholeComponents) {
  const BelowCase& row = GetParam();
  EXPECT_EQ(IsAtOrBelow(row.path, row.ancestor), row.want);
  if (row.want) {
    EXPECT_EQ(RelativeTo(row.path, row.ancestor), row.relative);
  }
}
INSTANTIATE_TEST_SUITE_P(Paths, IsAtOrBelowTest,
                         testing::Values(BelowCase{"Itself", "/a/b", "/a/b", true, ""},
                                         BelowCase{"Child", "/a/b/c", "/a/b", true, "c"},
                                         BelowCase{"SharedPrefix", "/a/bx", "/a/b", false, ""},
                                         BelowCase{"Above", "/a", "/a/b", false, ""},
                                         BelowCase{"BelowRoot", "/a/b", "/", true, "a/b"},
                                         BelowCase{"RootItself", "/", "/", true, ""},
                                         BelowCase{"RootIsNotBelow", "/", "/a", false, ""}),
                         [](const auto& test) { return std::string(test.param.name); });

TEST(JoinPathTest, PutsOneSlashBetween) {
  EXPECT_EQ(JoinPath("/a/b", "c/d"), "/a/b/c/d");
  EXPECT_EQ(JoinPath("/", "c"), "/c");
  EXPECT_EQ(JoinPath("/a", ""), "/a");
}

TEST(PartsTest, ParentNameAndDepthAgree) {
  EXPECT_EQ(ParentPath("/a/b"), "/a");
  EXPECT_EQ(ParentPath("/a"), "/");
  EXPECT_EQ(ParentPath("/"), "/");
  EXPECT_EQ(BaseName("/a/b"), "b");
  EXPECT_EQ(BaseName("/"), "");
  EXPECT_EQ(Depth("/"), 0U);
  EXPECT_EQ(Depth("/a/b"), 2U);
  EXPECT_EQ(Components("/a//b/"), (std::vector<std::string_view>{"a", "b"}));
  EXPECT_TRUE(Components("/").empty());
}

TEST(NearestWordTest, SuggestsOnlyWhatIsNear) {
  const std::vector<std::string_view> words = {"read", "write", "deny", "filesystem"};
  EXPECT_EQ(NearestWord("raed", words), "read");
  EXPECT_EQ(NearestWord("wirte", words), "write");
  EXPECT_EQ(NearestWord("filesytsm", words), "filesystem");
  EXPECT_EQ(NearestWord("den", words), "deny");
  EXPECT_EQ(NearestWord("allow", words), "");
  EXPECT_EQ(NearestWord("rd", words), "");
}

}  // namespace
}  // namespace ambit
