#include "config/merge.h"

#include <gtest/gtest.h>

#include <string>

#include "config/toml_reader.h"

namespace ambit::config {
namespace {

/// "a.b=value" of every leaf with the file it came from, joined by spaces.
std::string Leaves(const Node& node, const std::string& path = "") {
  if (!node.Is(NodeKind::kTable)) return path + "=" + node.text + "@" + node.where.Ref().file + " ";
  std::string out;
  for (const Member& member : node.members) {
    out += Leaves(member.value, path.empty() ? member.key : path + "." + member.key);
  }
  return out;
}

std::string Merged(const char* low, const char* high) {
  auto lower = ReadToml(low, "low");
  auto higher = ReadToml(high, "high");
  if (!lower || !higher) return "bad test";
  return Leaves(MergeOver(*std::move(lower), *std::move(higher)));
}

TEST(MergeOver, TablesAddUpKeyByKey) {
  EXPECT_EQ(Merged("t.a='1'\nt.c='3'\n", "t.b='2'\nt.d='4'\n"),
            "t.a=1@low t.b=2@high t.c=3@low t.d=4@high ");
}

TEST(MergeOver, TheHigherValueOfAKeyCounts) {
  EXPECT_EQ(Merged("a='1'\n", "a='2'\n"), "a=2@high ");
}

TEST(MergeOver, KeysAreComparedAsWritten) {
  EXPECT_EQ(Merged("'/d'='deny'\n", "'/d/'='write'\n"), "/d=deny@low /d/=write@high ");
}

TEST(MergeOver, APlainValueReplacesAWholeTable) {
  EXPECT_EQ(Merged("[w]\na='deny'\nb='read'\n", "w='write'\n"), "w=write@high ");
}

TEST(MergeOver, ATableReplacesAPlainValue) {
  EXPECT_EQ(Merged("w='write'\n", "[w]\na='deny'\n"), "w.a=deny@high ");
}

TEST(MergeOver, AnEmptyTableReplacesAPlainValueToo) {
  EXPECT_EQ(Merged("w='write'\nx='1'\n", "[w]\n"), "x=1@low ");
}

TEST(MergeOver, ListsAreReplacedNotJoined) {
  auto lower = ReadToml("a=['1','2']\n", "low");
  auto higher = ReadToml("a=['3']\n", "high");
  const Node merged = MergeOver(*std::move(lower), *std::move(higher));
  ASSERT_EQ(merged.Find("a")->items.size(), 1U);
  EXPECT_EQ(merged.Find("a")->items[0].text, "3");
}

}  // namespace
}  // namespace ambit::config
