#include "os/processor_set.h"

#include <gtest/gtest.h>

namespace ambit::os {
namespace {

TEST(ProcessorSetTest, TellsThemByTheirPlaceInIt) {
  const ProcessorSet ours(0);
  ASSERT_GE(ours.Count(), 1);
  int before = -1;
  for (int i = 0; i < ours.Count(); ++i) {
    const int one = ours.Nth(i);
    EXPECT_GT(one, before);
    EXPECT_TRUE(ours.Contains(one));
    EXPECT_EQ(ours.Only(one).Nth(0), one);
    EXPECT_EQ(ours.Only(one).Count(), 1);
    before = one;
  }
  EXPECT_EQ(ours.Nth(ours.Count()), -1);
}

}  // namespace
}  // namespace ambit::os
