#include "config/merge.h"

#include <algorithm>
#include <utility>

namespace ambit::config {
namespace {

const std::string& KeyOf(const Member* member) { return member->key; }

/// The members of all tables by their keys, those of one key in the order of the tables.
std::vector<Member*> ByKey(std::vector<Node>& tables) {
  std::vector<Member*> all;
  std::vector<std::size_t> ends;
  for (Node& table : tables) {
    for (Member& member : table.members) all.push_back(&member);
    ends.push_back(all.size());
  }
  const auto at = [&all](std::size_t i) { return all.begin() + static_cast<std::ptrdiff_t>(i); };
  while (ends.size() > 1) {
    std::vector<std::size_t> merged;
    std::size_t start = 0;
    for (std::size_t i = 0; i < ends.size(); i += 2) {
      const std::size_t end = ends[std::min(i + 1, ends.size() - 1)];
      std::ranges::inplace_merge(at(start), at(ends[i]), at(end), {}, KeyOf);
      merged.push_back(end);
      start = end;
    }
    ends = std::move(merged);
  }
  return all;
}

/// What the values of one key come to, the lowest first: tables merge, anything else replaces.
Node Fold(std::vector<Member*>::iterator first, std::vector<Member*>::iterator last) {
  if (last - first == 1) return std::move((*first)->value);
  std::vector<Node> tables;
  for (; first != last; ++first) {
    Node& value = (*first)->value;
    if (!value.Is(NodeKind::kTable) || (!tables.empty() && !tables.back().Is(NodeKind::kTable))) {
      tables.clear();
    }
    tables.push_back(std::move(value));
  }
  return tables.size() == 1 ? std::move(tables.front()) : MergeAll(std::move(tables));
}

}  // namespace

Node MergeAll(std::vector<Node> tables) {
  Node out;
  if (tables.empty()) return out;
  out.where = tables.back().where;
  std::vector<Member*> all = ByKey(tables);
  out.members.reserve(all.size());
  for (auto first = all.begin(); first != all.end();) {
    const auto last = std::find_if(first, all.end(),
                                   [first](const Member* m) { return m->key != (*first)->key; });
    Member& highest = **(last - 1);
    Node value = Fold(first, last);
    out.members.push_back({std::move(highest.key), std::move(highest.key_place), std::move(value)});
    first = last;
  }
  return out;
}

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
