#pragma once

#include <bitset>
#include <cstddef>
#include <string_view>

namespace ambit::run {

/// Paths that cross links of which is known that all of them may be followed and that the command
/// can change nothing on the way: those of the system, which every program opens again. Holds the
/// latest few. Nothing allocates.
class KnownWays {
 public:
  /// Whether `path`, absolute and folded as text, is known to lead to `found`.
  [[nodiscard]] bool Contains(std::string_view path, std::string_view found) const;
  void Add(std::string_view path, std::string_view found);

 private:
  static constexpr std::size_t kWays = 512;
  static constexpr std::size_t kRoom = 232;  ///< For both texts; longer ones are not kept.
  struct Way {
    std::size_t path;  ///< Lengths.
    std::size_t found;
    char text[kRoom];
  };
  static std::size_t SlotOf(std::string_view path);

  std::bitset<kWays> filled_;
  Way ways_[kWays];  ///< Nothing is in those that are not filled, not even memory.
};

}  // namespace ambit::run
