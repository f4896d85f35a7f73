#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace ambit::policy {

struct PathRule;

/// Finds rules by their paths. It holds no paths of its own but asks the rules, which therefore
/// must be those it was made for, in the same places: eight bytes a rule, so that it stays in a
/// cache where the rules do not.
class RuleIndex {
 public:
  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);

  /// Forgets everything and takes in all of `rules`. Of several for one path it knows the first.
  void Build(const std::vector<PathRule>& rules);
  /// Takes in the last of `rules`, which comes after those it knows.
  void AddLast(const std::vector<PathRule>& rules);
  /// Where in `rules` the one for exactly this path is, or kNone.
  [[nodiscard]] std::size_t Find(const std::vector<PathRule>& rules, std::string_view path) const;

 private:
  struct Slot {
    std::uint32_t hash = 0;
    std::uint32_t place = 0;  ///< 1 more than the index; 0: nothing is here.
  };
  void Add(const std::vector<PathRule>& rules, std::size_t index);

  std::vector<Slot> slots_;  ///< A power of two, at least half of them empty.
};

}  // namespace ambit::policy
