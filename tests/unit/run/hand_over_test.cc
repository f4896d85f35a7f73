#include "run/hand_over.h"

#include <gtest/gtest.h>

namespace ambit::run {
namespace {

constexpr std::uint64_t kQuick = 3;  // microseconds
constexpr std::uint64_t kSlow = 60;

/// How many callers are held in a row, from now on.
int CountHeld(HoldChoice& choice) {
  int count = 0;
  while (count < 1000 && choice.Holds()) ++count;
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
  const int held = CountHeld(choice);
  EXPECT_GT(held, 1);
  EXPECT_LT(held, 1000);
  choice.Took(kSlow);
  EXPECT_EQ(CountHeld(choice), held);
  choice.Took(kQuick);
  EXPECT_EQ(CountHeld(choice), 0);
}

}  // namespace
}  // namespace ambit::run
