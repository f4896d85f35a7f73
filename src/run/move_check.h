#pragma once

#include <string_view>

#include "policy/policy.h"

namespace ambit::run {

/// Whether a directory that gets another name takes something out of a deny pattern: names stay,
/// but a pattern may look at the directories above them, or reach only so far. Nothing allocates.
class MoveCheck {
 public:
  /// `from` and `to` are canonical paths and outlive this.
  MoveCheck(const policy::Policy& policy, std::string_view from, std::string_view to)
      : policy_(policy), from_(from), to_(to) {}

  /// Whether the names below matter at all.
  [[nodiscard]] bool needed() const;

  /// Looks through the directory `dir`, which is `from` and open for reading. Sets `lost` to a
  /// pattern that would lose something. 0 or -errno of TreeReader.
  int Look(int dir, const policy::PatternRule*& lost) const;

 private:
  [[nodiscard]] const policy::PatternRule* LosesAt(std::string_view below) const;

  const policy::Policy& policy_;
  std::string_view from_;
  std::string_view to_;
};

}  // namespace ambit::run
