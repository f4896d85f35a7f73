#pragma once

#include <string>
#include <string_view>

namespace ambit {

/// `text` as a JSON string with its quotes (RFC 8259). Bytes that are not valid UTF-8 become
/// U+FFFD, so that the output is always valid JSON.
std::string JsonString(std::string_view text);

}  // namespace ambit
