#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace ambit {

/// Codes from here on stand for one byte that is not part of valid UTF-8 (code - base = the byte),
/// so that such bytes are characters of their own and never equal to a real one.
inline constexpr std::uint32_t kInvalidByteBase = 0x110000;

struct Utf8Character {
  std::uint32_t code = 0;
  std::size_t length = 1;  ///< Bytes it takes, at least 1.
};

/// The first character of `text`, which must not be empty. Overlong forms, surrogates and codes
/// above U+10FFFF are not valid (RFC 3629).
Utf8Character DecodeUtf8(std::string_view text);

/// Appends the bytes of a code, those for invalid bytes included.
void AppendUtf8(std::string& out, std::uint32_t code);

}  // namespace ambit
