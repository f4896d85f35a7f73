#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "audit/event.h"

namespace ambit::audit {

/// The denials of one run, equal ones counted together. What it keeps is bounded: past kMost
/// different ones, new ones are only counted.
class Tally {
 public:
  static constexpr std::size_t kMost = 1000;

  struct Entry {
    std::uint64_t milliseconds = 0;  ///< When it happened first.
    std::uint64_t count = 1;
    Denial denial;
  };

  /// Counts one denial. True when it is the first of its kind, and there is room for it: then Add
  /// has to follow.
  [[nodiscard]] bool Count(const std::string& operation, const std::string& object,
                           const std::string& rule);
  void Add(std::uint64_t milliseconds, Denial denial);

  /// In the order in which they happened first.
  [[nodiscard]] const std::vector<Entry>& entries() const { return entries_; }
  /// All of them, each as often as it happened.
  [[nodiscard]] std::uint64_t total() const { return total_; }

 private:
  std::uint64_t total_ = 0;
  std::vector<Entry> entries_;
  std::unordered_map<std::string, std::size_t> places_;  ///< In entries_.
};

}  // namespace ambit::audit
