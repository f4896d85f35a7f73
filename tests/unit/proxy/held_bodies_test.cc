#include "proxy/held_bodies.h"

#include <gtest/gtest.h>

namespace ambit::proxy {
namespace {

TEST(BodyShareTest, NeverHasMoreTogetherThanThereIs) {
  BodyBudget budget(100);
  BodyShare one(budget), two(budget);
  EXPECT_TRUE(one.Resize(60));
  EXPECT_FALSE(two.Resize(41));
  EXPECT_EQ(budget.left(), 40U);
  EXPECT_TRUE(two.Resize(40));
  EXPECT_TRUE(two.Resize(40));
  EXPECT_FALSE(one.Resize(61));
  EXPECT_FALSE(two.Resize(static_cast<std::size_t>(-1)));
  EXPECT_TRUE(one.Resize(10));
  EXPECT_TRUE(two.Resize(90));
  EXPECT_EQ(budget.left(), 0U);
}

TEST(BodyShareTest, GivesBackWhatItHas) {
  BodyBudget budget(100);
  {
    BodyShare one(budget), two(budget);
    EXPECT_TRUE(one.empty());
    EXPECT_TRUE(one.Resize(60) && two.Resize(30));
    EXPECT_FALSE(one.empty());
    one.Drop();
    EXPECT_TRUE(one.empty());
    EXPECT_EQ(budget.left(), 70U);
    one.Drop();
    EXPECT_EQ(budget.left(), 70U);
  }
  EXPECT_EQ(budget.left(), 100U);
}

}  // namespace
}  // namespace ambit::proxy
