#include "run/hand_over.h"

#include <gtest/gtest.h>

namespace ambit::run {
namespace {

constexpr std::uint64_t kQuick = 3;  // microseconds
constexpr std::uint64_t kSlow = 60;
constexpr std::uint64_t kVerySlow = 3000;

/// How many callers are held in a row, from now on, when each takes that long.
int CountHeld(HoldChoice& choice, std::uint64_t each) {
  int count = 0;
  for (; count < 1000 && choice.Holds(); ++count) choice.Took(each);
  return count;
}

TEST(HoldChoiceTest, NobodyIsHeldWithoutAReason) {
  HoldChoice choice;
  EXPECT_FALSE(choice.Holds());
  choice.Took(kQuick);
  EXPECT_FALSE(choice.Holds());
}

TEST(HoldChoiceTest, ManyAreHeldAfterASlowOneAndThenOneIsNot) {
  HoldChoice choice;
  choice.Took(kSlow);
  const int held = CountHeld(choice, kQuick);
  EXPECT_GT(held, 1);
  EXPECT_LT(held, 1000);
  choice.Took(kSlow);
  EXPECT_EQ(CountHeld(choice, kQuick), held);
  choice.Took(kQuick);
  EXPECT_EQ(CountHeld(choice, kQuick), 0);
}

TEST(HoldChoiceTest, NobodyIsHeldWhereSomebodyElseComesBetween) {
  HoldChoice choice;
  choice.Took(kSlow);
  EXPECT_EQ(CountHeld(choice, kVerySlow), 1);
}

TEST(HoldChoiceTest, NobodyIsHeldAnyMoreWhereThatCannotBe) {
  HoldChoice choice;
  choice.Took(kSlow);
  choice.NeverAgain();
  EXPECT_FALSE(choice.Holds());
  choice.Took(kSlow);
  EXPECT_FALSE(choice.Holds());
}

}  // namespace
}  // namespace ambit::run
