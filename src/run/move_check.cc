#include "run/move_check.h"

#include <algorithm>

#include "base/path_text.h"
#include "run/resolver.h"
#include "run/tree_reader.h"

namespace ambit::run {
namespace {

using policy::PatternRule;

/// Whether what a pattern matches depends on more than the last name, as long as `to` stays in its
/// reach.
bool LooksAtNamesOnly(const PatternRule& rule, std::string_view to) {
  return rule.glob.is_basename_only() && !rule.max_depth && IsAtOrBelow(to, rule.base);
}

bool Covers(const PatternRule& rule, std::string_view dir) { return IsAtOrBelow(dir, rule.base); }

}  // namespace

bool MoveCheck::needed() const {
  return std::ranges::any_of(policy_.patterns, [this](const PatternRule& rule) {
    return Covers(rule, from_) && !LooksAtNamesOnly(rule, to_) &&
           rule.glob.MayMatchBelow(RelativeTo(from_, rule.base), rule.max_depth);
  });
}

const PatternRule* MoveCheck::LosesAt(std::string_view below) const {
  PathBuffer path;
  if (!path.Assign(from_) || !path.AddName(below)) return &policy_.patterns.front();
  const PatternRule* const before = policy::Decide(policy_, path.view()).pattern;
  if (before == nullptr) return nullptr;
  if (!path.Assign(to_) || !path.AddName(below)) return before;
  return policy::Decide(policy_, path.view()).pattern != nullptr ? nullptr : before;
}

int MoveCheck::Look(int dir, const PatternRule*& lost) const {
  TreeReader tree(dir, TreeReader::Unreadable::kFail);
  return tree.Run([&](int, const char*, std::string_view below) {
    lost = LosesAt(below);
    return lost == nullptr ? TreeReader::Next::kEnter : TreeReader::Next::kStop;
  });
}

}  // namespace ambit::run
