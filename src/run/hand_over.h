#pragma once

#include <cstdint>

#include "os/notified_call.h"

namespace ambit::run {

/// Whether it pays to hold callers on our processor while they take a descriptor: it does where
/// another one sleeps, for the kernel wakes that one for each descriptor, and then us. That shows
/// in the time it takes; so now and then a caller is not held.
class HoldChoice {
 public:
  /// To be asked once for each descriptor.
  bool Holds();
  /// How long it took to pass a descriptor to a caller who was not held.
  void Took(std::uint64_t microseconds);

 private:
  /// About three times what it takes when both are on one processor.
  static constexpr std::uint64_t kSlowUs = 15;
  static constexpr int kHeldInARow = 64;
  int left_ = 0;  ///< How many more are held without a look.
};

/// Gives the open file `fd` to the waiting `open`. `hold`: the caller may be held on our processor,
/// as os::AnswerDescriptorHere() does; null: it may not.
void HandDescriptor(int listener, const os::NotifiedCall& call, int fd, HoldChoice* hold);

}  // namespace ambit::run
