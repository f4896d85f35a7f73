// Gives a descriptor of ours to the process whose call waits for an answer. Source:
// seccomp_unotify(2).
#pragma once

#include <cstdint>

#include "os/processor_set.h"

namespace ambit::os {

/// The call returns a new descriptor, a copy of `fd`.
int AnswerDescriptor(int listener, std::uint64_t id, int fd, bool close_on_exec);
/// The same on our processor, where OwnProcessor keeps us. Passing a descriptor cannot ask for that
/// itself, and wakes the caller, for many microseconds, on a processor that sleeps. So the caller
/// is held here while it takes the descriptor, and let go before it has its answer: nothing of it
/// ever runs that could see the hold. Only where WakeOnOurProcessor() said true: then a signal
/// cannot end the call in between either (see InstallSeccompWithListener).
int AnswerDescriptorHere(int listener, std::uint64_t id, int thread, int fd, bool close_on_exec);

/// Keeps this thread on the processor that it is on.
class OwnProcessor {
 public:
  /// False where there is no other, and when it fails.
  bool Stay();
  /// Keeps it on the one of its processors that has this number among them, from 0.
  bool StayOn(int nth);
  /// After Stay() or StayOn() was true.
  void Leave();

 private:
  ProcessorSet allowed_;
};

}  // namespace ambit::os
