#pragma once

#include <cstddef>
#include <functional>
#include <string_view>

namespace ambit {

/// Lets a table with std::string keys be asked with any text, without making a string of it.
struct TextHash {
  using is_transparent = void;
  // Not noexcept: libstdc++ then keeps each hash beside its key, and need not look at the keys of
  // others to pass them by.
  std::size_t operator()(std::string_view text) const {
    return std::hash<std::string_view>()(text);
  }
};

}  // namespace ambit
