#include "audit/tally.h"

#include <utility>

namespace ambit::audit {

bool Tally::Count(const std::string& operation, const std::string& object,
                  const std::string& rule) {
  ++total_;
  // None of the three can hold a zero byte.
  std::string key = operation + '\0' + object + '\0' + rule;
  if (const auto known = places_.find(key); known != places_.end()) {
    ++entries_[known->second].count;
    return false;
  }
  if (entries_.size() >= kMost) return false;
  places_.emplace(std::move(key), entries_.size());
  return true;
}

void Tally::Add(std::uint64_t milliseconds, Denial denial) {
  entries_.push_back({milliseconds, 1, std::move(denial)});
}

}  // namespace ambit::audit
