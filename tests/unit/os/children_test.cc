#include "os/children.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include "os/process_calls.h"

namespace ambit::os {
namespace {

/// A process that lives as long as it is let, with as many generations below it.
void Live(int generations) {
  while (generations > 0 && ::fork() == 0) --generations;
  for (;;) ::pause();
}

/// Leaves a process behind that has lost its parent.
void LeaveOrphan() {
  if (::fork() == 0) Live(0);
  ::_exit(0);
}

/// A process with descendants of each kind ends them. Its status: 0 when none is left.
int EndDescendants(const char* list) {
  const pid_t ender = ::fork();
  if (ender == 0) {
    if (AdoptOrphans() < 0) ::_exit(1);
    for (int i = 0; i < 3; ++i) {
      if (::fork() == 0) Live(i);
      if (::fork() == 0) LeaveOrphan();
    }
    if (EndChildren(list) != 0) ::_exit(2);
    ::_exit(::waitpid(-1, nullptr, WNOHANG) == -1 ? 0 : 3);
  }
  int status = -1;
  ::waitpid(ender, &status, 0);
  return status;
}

/// Whether all ends of a pipe are closed that a function's processes got.
template <class Function>
void ExpectNobodyLeft(Function function) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  EXPECT_EQ(function(), 0);
  ::close(ends[1]);
  pollfd closed{ends[0], POLLIN, 0};
  EXPECT_EQ(::poll(&closed, 1, 200'000), 1);
  ::close(ends[0]);
}

TEST(EndChildrenTest, EndsAllThatAreBelow) {
  ExpectNobodyLeft([] { return EndDescendants(kListOfChildren); });
}

TEST(EndChildrenTest, FindsThemWithoutAList) {
  ExpectNobodyLeft([] { return EndDescendants("/proc/no-such-list"); });
}

TEST(EndChildrenTest, IsDoneWhereThereAreNone) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(EndChildren() == 0 ? 0 : 1);
  int status = -1;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace ambit::os
