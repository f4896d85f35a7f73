#include "policy/rule_index.h"

#include <algorithm>
#include <bit>
#include <functional>

#include "policy/policy.h"

namespace ambit::policy {
namespace {

std::size_t HashOf(std::string_view path) { return std::hash<std::string_view>()(path); }

/// The half that does not choose the slot.
std::uint32_t UpperHalf(std::size_t hash) { return static_cast<std::uint32_t>(hash >> 32U); }

}  // namespace

void RuleIndex::Build(const std::vector<PathRule>& rules) {
  constexpr std::size_t kFewest = 16;
  slots_.assign(std::bit_ceil(std::max(2 * rules.size(), kFewest)), Slot());
  for (std::size_t i = 0; i < rules.size(); ++i) Add(rules, i);
}

void RuleIndex::AddLast(const std::vector<PathRule>& rules) {
  if (2 * rules.size() > slots_.size()) return Build(rules);
  Add(rules, rules.size() - 1);
}

void RuleIndex::Add(const std::vector<PathRule>& rules, std::size_t index) {
  const std::size_t hash = HashOf(rules[index].path);
  const std::size_t mask = slots_.size() - 1;
  std::size_t at = hash & mask;
  for (; slots_[at].place != 0; at = (at + 1) & mask) {
    const Slot& slot = slots_[at];
    if (slot.hash == UpperHalf(hash) && rules[slot.place - 1].path == rules[index].path) return;
  }
  slots_[at] = {UpperHalf(hash), static_cast<std::uint32_t>(index + 1)};
}

std::size_t RuleIndex::Find(const std::vector<PathRule>& rules, std::string_view path) const {
  if (slots_.empty()) return kNone;
  const std::size_t hash = HashOf(path);
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t at = hash & mask; slots_[at].place != 0; at = (at + 1) & mask) {
    const Slot& slot = slots_[at];
    if (slot.hash == UpperHalf(hash) && rules[slot.place - 1].path == path) return slot.place - 1;
  }
  return kNone;
}

}  // namespace ambit::policy
