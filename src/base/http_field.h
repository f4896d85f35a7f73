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

/// Of the first field of that name, or "".
inline std::string_view ValueOf(std::span<const Field> fields, std::string_view name) {
  const auto found = std::ranges::find_if(
      fields, [name](const Field& field) { return EqualsIgnoreCase(field.name, name); });
  return found == fields.end() ? "" : found->value;
}

/// Whether the body is in a content coding (RFC 9110 §8.4), where no text of it is found.
inline bool HasContentCoding(std::span<const Field> fields) {
  return std::ranges::any_of(fields, [](const Field& field) {
    return EqualsIgnoreCase(field.name, "content-encoding") && !field.value.empty() &&
           !EqualsIgnoreCase(field.value, "identity");
  });
}

}  // namespace ambit
