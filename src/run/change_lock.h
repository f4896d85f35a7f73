#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <shared_mutex>

namespace ambit::run {

/// Several threads may change files beside each other, but nobody changes meanwhile where a path
/// leads: what was found out about it has to be true when the change is made. Who wants to be alone
/// is let in before those that come after.
class ChangeLock {
 public:
  enum class Kind : std::uint8_t { kNone, kBesideOthers, kAlone };

  /// Holds the lock for as long as it lives, unless it could not be had in time.
  class Holder {
   public:
    Holder(ChangeLock& lock, Kind kind, std::chrono::milliseconds patience);
    ~Holder();
    Holder(const Holder&) = delete;
    Holder& operator=(const Holder&) = delete;
    explicit operator bool() const { return has_it_; }

   private:
    ChangeLock& lock_;
    const Kind kind_;
    bool has_it_ = true;
  };

 private:
  std::timed_mutex entrance_;
  std::shared_timed_mutex inside_;
};

}  // namespace ambit::run
