#pragma once

#include "os/notified_call.h"

namespace ambit::run {

/// Gives the open file `fd` to the waiting `open`; `here`: on our processor, as
/// os::AnswerDescriptorHere() does.
void HandDescriptor(int listener, const os::NotifiedCall& call, int fd, bool here);

/// Whether it pays to hold callers on our processor while they take a descriptor: it does while
/// others sleep, for the kernel wakes one of them for each descriptor. That shows by callers who
/// come back from another processor. So now and then one is not held.
class HoldChoice {
 public:
  /// To be asked once for each descriptor.
  bool Holds(int thread);

 private:
  static constexpr int kHeldInARow = 64;
  int last_thread_ = 0;
  int last_processor_ = -1;
  int left_ = 0;  ///< How many more are held without a look.
};

}  // namespace ambit::run
