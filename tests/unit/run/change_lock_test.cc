#include "run/change_lock.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace ambit::run {
namespace {

using std::chrono::milliseconds;
using enum ChangeLock::Kind;

constexpr milliseconds kNow{0};
constexpr milliseconds kLong{60'000};

bool CanHave(ChangeLock& lock, ChangeLock::Kind kind) {
  bool has = false;
  std::thread([&] { has = static_cast<bool>(ChangeLock::Holder(lock, kind, kNow)); }).join();
  return has;
}

TEST(ChangeLockTest, SeveralAreInBesideEachOther) {
  ChangeLock lock;
  const ChangeLock::Holder one(lock, kBesideOthers, kNow);
  EXPECT_TRUE(one);
  EXPECT_TRUE(CanHave(lock, kBesideOthers));
  EXPECT_FALSE(CanHave(lock, kAlone));
}

TEST(ChangeLockTest, WhoIsAloneKeepsTheOthersOut) {
  ChangeLock lock;
  const ChangeLock::Holder one(lock, kAlone, kNow);
  EXPECT_TRUE(one);
  EXPECT_FALSE(CanHave(lock, kBesideOthers));
  EXPECT_FALSE(CanHave(lock, kAlone));
  EXPECT_TRUE(CanHave(lock, kNone));
}

TEST(ChangeLockTest, ItIsLeftAtTheEnd) {
  ChangeLock lock;
  for (const ChangeLock::Kind kind : {kNone, kBesideOthers, kAlone}) {
    EXPECT_TRUE(CanHave(lock, kind));
    EXPECT_TRUE(CanHave(lock, kAlone));
  }
}

TEST(ChangeLockTest, WhoGaveUpHoldsNothing) {
  ChangeLock lock;
  {
    const ChangeLock::Holder one(lock, kBesideOthers, kNow);
    EXPECT_FALSE(CanHave(lock, kAlone));
    EXPECT_TRUE(CanHave(lock, kBesideOthers));
  }
  EXPECT_TRUE(CanHave(lock, kAlone));
}

TEST(ChangeLockTest, WhoWaitsToBeAloneComesBeforeThoseAfterHim) {
  ChangeLock lock;
  std::atomic<bool> was_alone = false;
  std::thread waits;
  {
    const ChangeLock::Holder one(lock, kBesideOthers, kNow);
    waits = std::thread([&] {
      const ChangeLock::Holder alone(lock, kAlone, kLong);
      was_alone = static_cast<bool>(alone);
    });
    while (CanHave(lock, kBesideOthers)) std::this_thread::yield();
    EXPECT_FALSE(was_alone);
  }
  waits.join();
  EXPECT_TRUE(was_alone);
}

}  // namespace
}  // namespace ambit::run
