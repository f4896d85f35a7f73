#include "os/processor_set.h"

#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <bit>
#include <cerrno>

namespace ambit::os {
namespace {

constexpr std::size_t kBits = 8 * sizeof(unsigned long);

std::size_t WordOf(int processor) { return static_cast<std::size_t>(processor) / kBits; }
unsigned long BitOf(int processor) { return 1UL << static_cast<std::size_t>(processor) % kBits; }

}  // namespace

ProcessorSet::ProcessorSet(int thread) {
  const long size = ::syscall(SYS_sched_getaffinity, thread, sizeof words_, words_);
  if (size > 0) size_ = static_cast<std::size_t>(size);
}

int ProcessorSet::Count() const {
  int count = 0;
  for (std::size_t i = 0; i < size_ / sizeof words_[0]; ++i) count += std::popcount(words_[i]);
  return count;
}

bool ProcessorSet::Contains(int processor) const {
  return processor >= 0 && WordOf(processor) < kWords &&
         (words_[WordOf(processor)] & BitOf(processor)) != 0;
}

int ProcessorSet::Nth(int nth) const {
  for (int processor = 0; processor < static_cast<int>(kWords * kBits); ++processor) {
    if (Contains(processor) && nth-- == 0) return processor;
  }
  return -1;
}

ProcessorSet ProcessorSet::Only(int processor) const {
  ProcessorSet one;
  one.size_ = size_;
  one.words_[WordOf(processor)] = BitOf(processor);
  return one;
}

void ProcessorSet::Remove(int processor) {
  if (Contains(processor)) words_[WordOf(processor)] &= ~BitOf(processor);
}

int ProcessorSet::ApplyTo(int thread) const {
  return ::syscall(SYS_sched_setaffinity, thread, size_, words_) < 0 ? -errno : 0;
}

// Not sched_getcpu: that reads where the kernel notes it for each thread (rseq(2)), which the
// kernel does no longer for a process that was made without the library's knowledge. This asks the
// processor itself (vdso(7)).
int CurrentProcessor() {
  unsigned processor = 0;
  unsigned node = 0;
  return ::getcpu(&processor, &node) < 0 ? -1 : static_cast<int>(processor);
}

}  // namespace ambit::os
