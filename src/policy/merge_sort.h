#pragma once

#include <algorithm>
#include <vector>

namespace ambit::policy {

/// Sorts by `key`, equals staying in their order. Linear where only a few at the end are out of
/// order, as rules are that were read from a sorted table.
template <class T, class Key>
void SortMostlySorted(std::vector<T>& items, Key key) {
  const auto tail = std::ranges::is_sorted_until(items, {}, key);
  if (tail == items.end()) return;
  std::ranges::stable_sort(tail, items.end(), {}, key);
  std::ranges::inplace_merge(items, tail, {}, key);
}

}  // namespace ambit::policy
