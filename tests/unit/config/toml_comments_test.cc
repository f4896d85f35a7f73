#include "config/toml_comments.h"

#include <gtest/gtest.h>

namespace ambit::config {
namespace {

std::string Text(std::string_view text) {
  std::string out;
  for (const auto& [line, comment] : FindComments(text)) {
    out += std::to_string(line) + (comment.alone ? "+" : ":") + comment.text + "|";
  }
  return out;
}

TEST(FindCommentsTest, TellsThoseBesideSomethingFromThoseAlone) {
  EXPECT_EQ(Text("# one\n  #two  \na = 1 # three\r\n#\n[t] # five"),
            "1+one|2+two|3:three|4+|5:five|");
}

TEST(FindCommentsTest, StringsHoldNone) {
  EXPECT_EQ(Text("a = \"# x\" # 1\nb = '#\\' # 2\n\"#k\" = \"\\\"#\" #3\n"), "1:1|2:2|3:3|");
}

TEST(FindCommentsTest, StringsOfSeveralLinesCount) {
  EXPECT_EQ(Text("a = \"\"\"\n# x\n\"\"\" # 3\nb = '''\n#\n'''\n# 7\n"), "3:3|7+7|");
}

TEST(FindCommentsTest, BrokenTextsEnd) {
  EXPECT_EQ(Text("a = \"\"\"# x\n"), "");
  EXPECT_EQ(Text("a = \"x\n# 2"), "2+2|");
  EXPECT_EQ(Text("a = \"\\"), "");
}

}  // namespace
}  // namespace ambit::config
