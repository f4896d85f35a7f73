#include "audit/time_text.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <time.h>

namespace ambit::audit {
namespace {

TEST(TimeTextTest, IsRfc3339WithMilliseconds) {
  EXPECT_EQ(ToRfc3339(0), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(ToRfc3339(1'772'355'907'042), "2026-03-01T09:05:07.042Z");
  EXPECT_EQ(ToRfc3339(1'709'164'800'000), "2024-02-29T00:00:00.000Z");
}

TEST(TimeTextTest, IsReadBack) {
  for (const std::uint64_t count : {0ULL, 1ULL, 951'782'399'999ULL, 4'102'444'800'000ULL}) {
    EXPECT_EQ(FromRfc3339(ToRfc3339(count)), count);
  }
}

TEST(TimeTextTest, AnythingElseIsNoTime) {
  for (const char* text :
       {"", "2026-03-01", "2026-03-01T09:05:07Z", "2026-03-01T09:05:07.042+00:00",
        "2026-02-30T00:00:00.000Z", "2026-03-01T25:00:00.000Z", "2026-03-01t09:05:07.042Z",
        "2026-03-01T09:05:60.042Z", "x026-03-01T09:05:07.042Z", "1969-12-31T23:59:59.000Z"}) {
    EXPECT_EQ(FromRfc3339(text), std::nullopt) << text;
  }
}

TEST(TimeTextTest, PeopleSeeTheirOwnClock) {
  ::setenv("TZ", "XXX-2", 1);
  ::tzset();
  EXPECT_EQ(ToLocalTime(1'772'355'907'042), "2026-03-01 11:05:07");
  ::unsetenv("TZ");
  ::tzset();
}

}  // namespace
}  // namespace ambit::audit
