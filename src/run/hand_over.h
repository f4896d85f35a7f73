#pragma once

#include <cstdint>

#include "os/hand_over.h"
#include "os/notified_call.h"

namespace ambit::run {

/// Whether it pays to hold callers on our processor while they take a descriptor: it does where
/// another one sleeps, for the kernel wakes that one for each descriptor, and then us. That shows
/// in the time it takes; so now and then a caller is not held.
class HoldChoice {
 public:
  [[nodiscard]] bool Holds() const { return left_ > 0; }
  /// How long it took to pass a descriptor to a caller, who was held or not as Holds() said.
  void Took(std::uint64_t microseconds);
  void NeverAgain() { held_in_a_row_ = left_ = 0; }

 private:
  /// About three times what it takes when both are on one processor.
  static constexpr std::uint64_t kSlowUs = 15;
  /// Somebody else wants this processor.
  static constexpr std::uint64_t kDisturbedUs = 200;
  int held_in_a_row_ = 64;
  int left_ = 0;  ///< How many more are held without a look.
};

/// Passes the descriptors of one thread of ours, holding callers where that pays.
class DescriptorHandOver {
 public:
  /// As os::AnswerDescriptor().
  int Pass(int listener, const os::NotifiedCall& call, int fd);
  /// Whether callers may be held on our processor, as os::AnswerDescriptorHere() does. It does not
  /// pay where other threads of ours work: theirs are no processors that sleep.
  void SetMayHold(bool may);

 private:
  void LetGo();

  HoldChoice choice_;
  os::OwnProcessor here_;
  bool may_hold_ = false;
  bool stays_ = false;
};

/// Gives the open file `fd` to the waiting `open`; where `hand_over` is null, holding nobody.
void HandDescriptor(int listener, const os::NotifiedCall& call, int fd,
                    DescriptorHandOver* hand_over);

}  // namespace ambit::run
