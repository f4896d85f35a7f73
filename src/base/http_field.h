#pragma once

#include <string_view>

namespace ambit {

/// One field of a message's head (RFC 9110 §5).
struct Field {
  std::string_view name;
  std::string_view value;  ///< Without blanks around it.
};

}  // namespace ambit
