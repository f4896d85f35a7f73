#pragma once

#include <cstddef>

namespace ambit::os {

/// Processors that a thread may run on (sched_setaffinity(2)). Nothing allocates.
class ProcessorSet {
 public:
  ProcessorSet() = default;
  /// Of a thread; 0: ours. Empty when it cannot be told.
  explicit ProcessorSet(int thread);

  [[nodiscard]] bool empty() const { return Count() == 0; }
  [[nodiscard]] int Count() const;
  [[nodiscard]] bool Contains(int processor) const;
  /// The number of the nth of them, from 0; -1: there are not as many.
  [[nodiscard]] int Nth(int nth) const;
  /// That one alone, which has to be one of the set.
  [[nodiscard]] ProcessorSet Only(int processor) const;
  void Remove(int processor);

  /// From now on the thread (0: we) may run on these alone. 0 or -errno.
  [[nodiscard]] int ApplyTo(int thread) const;

 private:
  static constexpr std::size_t kWords = 128;  ///< 8192 processors
  std::size_t size_ = 0;                      ///< Of the kernel's sets, in bytes.
  unsigned long words_[kWords] = {};
};

/// The one that we are on; -1 when that cannot be told.
int CurrentProcessor();

}  // namespace ambit::os
