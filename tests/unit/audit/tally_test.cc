#include "audit/tally.h"

#include <gtest/gtest.h>

namespace ambit::audit {
namespace {

Denial Of(const std::string& operation, const std::string& object, const std::string& rule) {
  return {.operation = operation,
          .object = object,
          .rule = rule,
          .reason = "",
          .grant = "",
          .advice = "",
          .grant_permitted = true};
}

void Deny(Tally& tally, std::uint64_t at, const std::string& operation, const std::string& object,
          const std::string& rule) {
  if (tally.Count(operation, object, rule)) tally.Add(at, Of(operation, object, rule));
}

TEST(TallyTest, EqualOnesAreOneEntry) {
  Tally tally;
  Deny(tally, 10, "open", "/a", "c:1");
  Deny(tally, 11, "open", "/b", "c:1");
  Deny(tally, 12, "open", "/a", "c:1");
  Deny(tally, 13, "remove", "/a", "c:1");
  Deny(tally, 14, "open", "/a", "c:2");
  Deny(tally, 15, "open", "/a", "c:1");
  ASSERT_EQ(tally.entries().size(), 4U);
  EXPECT_EQ(tally.entries()[0].count, 3U);
  EXPECT_EQ(tally.entries()[0].milliseconds, 10U);
  EXPECT_EQ(tally.entries()[1].denial.object, "/b");
  EXPECT_EQ(tally.entries()[2].denial.operation, "remove");
  EXPECT_EQ(tally.entries()[3].denial.rule, "c:2");
  EXPECT_EQ(tally.total(), 6U);
}

TEST(TallyTest, KeepsABoundedNumberAndCountsTheRest) {
  Tally tally;
  for (std::size_t i = 0; i < Tally::kMost + 5; ++i) {
    Deny(tally, i, "open", "/" + std::to_string(i), "");
  }
  Deny(tally, 0, "open", "/0", "");
  EXPECT_EQ(tally.entries().size(), Tally::kMost);
  EXPECT_EQ(tally.entries()[0].count, 2U);
  EXPECT_EQ(tally.total(), Tally::kMost + 6);
}

}  // namespace
}  // namespace ambit::audit
