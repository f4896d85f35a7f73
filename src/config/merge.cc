#include "config/merge.h"

#include <utility>

namespace ambit::config {

Node MergeOver(Node lower, Node higher) {
  if (!lower.Is(NodeKind::kTable) || !higher.Is(NodeKind::kTable)) return higher;
  std::vector<Member> merged;
  merged.reserve(lower.members.size() + higher.members.size());
  auto low = lower.members.begin();
  auto high = higher.members.begin();
  while (low != lower.members.end() && high != higher.members.end()) {
    if (low->key < high->key) {
      merged.push_back(std::move(*low++));
    } else if (high->key < low->key) {
      merged.push_back(std::move(*high++));
    } else {
      high->value = MergeOver(std::move(low->value), std::move(high->value));
      merged.push_back(std::move(*high++));
      ++low;
    }
  }
  for (; low != lower.members.end(); ++low) merged.push_back(std::move(*low));
  for (; high != higher.members.end(); ++high) merged.push_back(std::move(*high));
  higher.members = std::move(merged);
  return higher;
}

}  // namespace ambit::config
