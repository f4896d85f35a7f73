#pragma once

#include <algorithm>
#include <span>
#include <string_view>

#include "base/ascii.h"

namespace ambit {

/// One field of a message's head (RFC 9110 §5).
struct Field {
  std::string_view name;
  std::string_view value;  ///< Without blanks around it.
};

/// Whether the body is in a content coding (RFC 9110 §8.4), where no text of it is found.
inline bool HasContentCoding(std::span<const Field> fields) {
  return std::ranges::any_of(fields, [](const Field& field) {
    return EqualsIgnoreCase(field.name, "content-encoding") && !field.value.empty() &&
           !EqualsIgnoreCase(field.value, "identity");
  });
}

}  // namespace ambit
