#pragma once

#include <string>
#include <string_view>

namespace ambit {

/// The SHA-256 digest of `data` (FIPS 180-4, RFC 6234) as 64 lower-case hexadecimal digits.
std::string Sha256Hex(std::string_view data);

}  // namespace ambit
