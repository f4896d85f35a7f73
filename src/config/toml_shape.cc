#include "config/toml_shape.h"

#include <algorithm>
#include <cstdint>

namespace ambit::config {

std::size_t SkipTomlString(std::string_view text, std::size_t at) {
  const char quote = text[at];
  const std::string_view triple = text.substr(at, 3);
  const bool multi_line = triple.size() == 3 && triple[1] == quote && triple[2] == quote;
  at += multi_line ? 3 : 1;
  while (at < text.size()) {
    const char c = text[at];
    if (quote == '"' && c == '\\') {
      at += 2;
      continue;
    }
    if (!multi_line && c == '\n') return at;
    if (c == quote) {
      if (!multi_line) return at + 1;
      // Up to two quotes may stand right before the closing three.
      std::size_t run = at;
      while (run < text.size() && text[run] == quote) ++run;
      if (run - at >= 3) return run;
      at = run;
      continue;
    }
    ++at;
  }
  return text.size();
}

Result<> CheckTomlShape(std::string_view text, const std::string& file) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  std::uint32_t line = 1;
  std::size_t dots = 0;
  std::size_t at = text.starts_with(kByteOrderMark) ? kByteOrderMark.size() : 0;
  while (at < text.size()) {
    const char c = text[at];
    if (static_cast<unsigned char>(c) >= 0x80) {
      return Fail(ErrorCode::kInvalidConfig,
                  "syntax error: a character outside ASCII needs quotes around the key or value",
                  {file, line, 0});
    }
    if (c == '"' || c == '\'') {
      for (const std::size_t end = SkipTomlString(text, at); at < end; ++at) {
        line += text[at] == '\n' ? 1U : 0U;
      }
      continue;
    }
    if (c == '#') {
      at = std::min(text.find('\n', at), text.size());
      continue;
    }
    if (c == '\n') ++line;
    if (std::string_view("\n=,[]{}").find(c) != std::string_view::npos) dots = 0;
    if (c == '.' && ++dots >= kMaxKeyParts) {
      return Fail(ErrorCode::kInvalidConfig,
                  "a key here has more than 32 parts; no key of a configuration has",
                  {file, line, 0});
    }
    ++at;
  }
  return {};
}

}  // namespace ambit::config
