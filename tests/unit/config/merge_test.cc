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

std::string MergedAll(const std::vector<const char*>& texts) {
  std::vector<Node> tables;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    auto table = ReadToml(texts[i], std::to_string(i));
    if (!table) return "bad test";
    tables.push_back(*std::move(table));
  }
  std::vector<Node> copies = tables;
  Node one_by_one;
  for (Node& table : copies) one_by_one = MergeOver(std::move(one_by_one), std::move(table));
  const std::string all = Leaves(MergeAll(std::move(tables)));
  EXPECT_EQ(all, Leaves(one_by_one));
  return all;
}

TEST(MergeAll, IsOneMergeAfterTheOther) {
  EXPECT_EQ(MergedAll({}), "");
  EXPECT_EQ(MergedAll({"b='1'\na='2'\n"}), "a=2@0 b=1@0 ");
  EXPECT_EQ(MergedAll({"t.a='1'\nt.b='1'\n", "t.b='2'\n", "t.c='3'\nx='3'\n", "x='4'\n",
                       "t.a='5'\na='5'\n"}),
            "a=5@4 t.a=5@4 t.b=2@1 t.c=3@2 x=4@3 ");
}

TEST(MergeAll, WhatIsReplacedDoesNotComeBack) {
  EXPECT_EQ(MergedAll({"[w]\na='deny'\n", "w='write'\n", "[w]\nb='read'\n", "[w]\nc='read'\n"}),
            "w.b=read@2 w.c=read@3 ");
  EXPECT_EQ(MergedAll({"[w]\na='1'\n", "[w]\nb='2'\n", "w='3'\n"}), "w=3@2 ");
}

TEST(MergeAll, PlacesAreThoseOfTheHighest) {
  auto lower = ReadToml("[t]\na='1'\n", "low");
  auto higher = ReadToml("\n\n[t]\nb='1'\n", "high");
  std::vector<Node> tables;
  tables.push_back(*std::move(lower));
  tables.push_back(*std::move(higher));
  const Node merged = MergeAll(std::move(tables));
  EXPECT_EQ(merged.where.Ref().file, "high");
  EXPECT_EQ(merged.FindMember("t")->key_place.Ref().line, 3U);
  EXPECT_EQ(merged.Find("t")->where.Ref().line, 3U);
}

}  // namespace
}  // namespace ambit::config
