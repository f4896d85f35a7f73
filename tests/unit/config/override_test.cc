#include "config/override.h"

#include <gtest/gtest.h>

#include <string>

namespace ambit::config {
namespace {

std::string Refusal(const char* text) {
  const auto node = ReadOverride(text);
  return node ? "" : ToString(node.error());
}

TEST(ReadOverride, SplitsTheKeyAtEveryDot) {
  const auto node = ReadOverride("permissions.p.extends=':workspace'");
  ASSERT_TRUE(node);
  EXPECT_EQ(node->Find("permissions")->Find("p")->Find("extends")->text, ":workspace");
}

TEST(ReadOverride, QuotesDoNotProtectADot) {
  const auto node = ReadOverride("a.\"b.c\"=1");
  ASSERT_TRUE(node);
  EXPECT_NE(node->Find("a")->Find("\"b"), nullptr);
}

TEST(ReadOverride, TakesInlineTables) {
  const auto node = ReadOverride("p.filesystem={\":workspace_roots\"={d=\"deny\"}}");
  ASSERT_TRUE(node);
  EXPECT_EQ(node->Find("p")->Find("filesystem")->Find(":workspace_roots")->Find("d")->text, "deny");
}

TEST(ReadOverride, TakesABareWordAsAString) {
  for (const char* word : {":workspace", "read-only", "~/x", "/a.b"}) {
    const auto node = ReadOverride(std::string("k=") + word);
    ASSERT_TRUE(node) << word;
    EXPECT_EQ(node->Find("k")->text, word);
  }
}

TEST(ReadOverride, AValueMayHoldAnEqualsSignInQuotes) {
  EXPECT_EQ(ReadOverride("k='a=b'")->Find("k")->text, "a=b");
}

TEST(ReadOverride, NamesTheFlagAsThePlace) {
  EXPECT_EQ(ToString(ReadOverride("a.b=1")->Find("a")->Find("b")->where.Ref()), "-c a.b");
}

TEST(ReadOverride, RefusesWhatIsNotKeyAndValue) {
  EXPECT_EQ(Refusal("abc"),
            "'abc' after -c is not KEY=VALUE; write, for example, -c default_permissions=NAME");
  EXPECT_EQ(Refusal("=1"),
            "'=1' after -c is not KEY=VALUE; write, for example, -c default_permissions=NAME");
}

TEST(ReadOverride, RefusesAnEmptyPartOfTheKey) {
  EXPECT_EQ(Refusal("a..b=1"),
            "-c a..b: 'a..b' is not a key: it is split at every dot and no part may be empty; put "
            "a key with dots into an inline table, such as -c 'a={\"x.y\"=1}'");
}

TEST(ReadOverride, RefusesABrokenTable) {
  EXPECT_EQ(Refusal("a={b=1"),
            "-c a: '{b=1' is not a TOML value: syntax error: expected 'key = value' or '}' in the "
            "inline table, on one line; found the end of the file");
}

TEST(ReadOverride, AValueCannotSmuggleInFurtherKeys) {
  EXPECT_EQ(Refusal("a=1\nsandbox_mode='danger-full-access'"),
            "-c a: '1\\nsandbox_mode=\\'danger-full-access\\'' is not a TOML value: one value is "
            "expected");
}

}  // namespace
}  // namespace ambit::config
