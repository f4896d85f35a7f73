#pragma once

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "run/run.h"

namespace ambit::cli {

/// Measures consecutive phases: each mark ends the phase that began at the one before.
class StepTimer {
 public:
  void Mark(std::string name) {
    const auto now = Clock::now();
    const auto spent = std::chrono::duration_cast<std::chrono::microseconds>(now - last_);
    steps_.push_back({std::move(name), static_cast<std::uint64_t>(spent.count())});
    last_ = now;
  }
  [[nodiscard]] const std::vector<run::StepTime>& steps() const { return steps_; }

 private:
  using Clock = std::chrono::steady_clock;
  Clock::time_point last_ = Clock::now();
  std::vector<run::StepTime> steps_;
};

}  // namespace ambit::cli
