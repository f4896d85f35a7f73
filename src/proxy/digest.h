#pragma once

#include <array>
#include <span>
#include <string>
#include <string_view>

namespace ambit::proxy {

using Digest = std::array<unsigned char, 32>;

/// SHA-256 (FIPS 180-4), as fast as the processor has it: for bodies.
Digest Sha256(std::string_view text);
/// HMAC-SHA-256 (RFC 2104, FIPS 198-1).
Digest HmacSha256(std::span<const unsigned char> key, std::string_view text);
/// 64 digits in lower case.
std::string Hex(const Digest& digest);

}  // namespace ambit::proxy
