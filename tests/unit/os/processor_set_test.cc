#include "os/processor_set.h"

#include <gtest/gtest.h>
#include <sys/wait.h>

#include "os/process_calls.h"

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

TEST(CurrentProcessorTest, IsTheRightOneInAProcessThatTheLibraryDoesNotKnowOf) {
  ProcessorSet ours(0);
  if (ours.Count() < 2) GTEST_SKIP() << "one processor";
  const int pid = ForkBorrowing(
      [](void* data) {
        const ProcessorSet& all = *static_cast<ProcessorSet*>(data);
        for (int i = 0; i < all.Count(); ++i) {
          if (all.Only(all.Nth(i)).ApplyTo(0) < 0) ExitNow(2);
          if (CurrentProcessor() != all.Nth(i)) ExitNow(1);
        }
        ExitNow(0);
      },
      &ours);
  ASSERT_GT(pid, 0);
  int status = 0;
  ASSERT_EQ(::waitpid(pid, &status, 0), pid);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

}  // namespace
}  // namespace ambit::os
