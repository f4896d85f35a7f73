#include "config/problems.h"

#include <gtest/gtest.h>

#include "config/table_reader.h"
#include "config/toml_reader.h"

namespace ambit::config {
namespace {

Result<> CheckItem(const TableReader& table) {
  static constexpr std::string_view kKeys[] = {"name", "count"};
  AMBIT_CHECK(table.RefuseUnknown(kKeys));
  AMBIT_CHECK(table.String("name"));
  AMBIT_CHECK(table.Integer("count", 1));
  if (table.node().Find("name")) return {};
  return Fail(ErrorCode::kInvalidConfig, "no name", table.node().where.Ref());
}

Result<> CheckItems(Node& root) {
  const TableReader reader(root, "");
  AMBIT_TRY(const auto items, reader.List("items"));
  for (const Node& item : items) {
    AMBIT_CHECK(CheckItem(TableReader(item, "items")));
  }
  return {};
}

/// The lines of the problems, and what is left, for `text`.
std::string Lines(std::string_view text, bool whole) {
  auto root = ReadToml(text, "f");
  EXPECT_TRUE(root);
  Problems problems;
  EXPECT_EQ(CheckPiecewise(*root, CheckItems, problems), whole);
  std::string out;
  for (const Error& error : problems.errors) out += ToString(error.where) + " ";
  const Node* const items = root->Find("items");
  return out + "left " + std::to_string(items ? items->items.size() : 0);
}

TEST(CheckPiecewiseTest, SoundTextStaysWhole) {
  EXPECT_EQ(Lines("items = [{ name = 'a' }, { name = 'b', count = 1 }]\n", true), "left 2");
}

TEST(CheckPiecewiseTest, EveryProblemIsToldWithItsPlace) {
  EXPECT_EQ(Lines("items = [\n{ name = 'a', x = 1, y = 2 },\n{ count = 3 },\n"
                  "{ name = 'c', count = 0 }]\n",
                  false),
            "f:2:15 f:2:22 f:3:1 f:4:23 left 2");
}

TEST(CheckPiecewiseTest, WhatFollowsFromWhatWasTakenOutIsNotTold) {
  EXPECT_EQ(Lines("items = [{ name = 1 }, { name = 'b' }]\n", false), "f:1:19 left 1");
}

TEST(CheckPiecewiseTest, ComplaintsWithoutAPlaceEndIt) {
  Node root = TableNode({});
  Problems problems;
  const auto complain = [](Node&) -> Result<> { return Fail(ErrorCode::kSystem, "no"); };
  EXPECT_FALSE(CheckPiecewise(root, complain, problems));
  EXPECT_EQ(problems.errors.size(), 1U);
}

}  // namespace
}  // namespace ambit::config
