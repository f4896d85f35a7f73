#include "config/toml_comments.h"

#include <algorithm>

#include "base/ascii.h"
#include "config/toml_shape.h"

namespace ambit::config {
namespace {

constexpr std::string_view kBlanks = " \t\r";

}  // namespace

TomlComments FindComments(std::string_view text) {
  TomlComments out;
  std::uint32_t line = 1;
  bool alone = true;
  for (std::size_t at = 0; at < text.size();) {
    const char c = text[at];
    if (c == '"' || c == '\'') {
      const std::size_t end = SkipTomlString(text, at);
      line += static_cast<std::uint32_t>(std::ranges::count(text.substr(at, end - at), '\n'));
      alone = false;
      at = end;
      continue;
    }
    if (c == '#') {
      const std::size_t end = std::min(text.find('\n', at), text.size());
      out[line] = {std::string(Trim(text.substr(at + 1, end - at - 1), kBlanks)), alone};
      at = end;
      continue;
    }
    if (c == '\n') {
      ++line;
      alone = true;
    } else if (!kBlanks.contains(c)) {
      alone = false;
    }
    ++at;
  }
  return out;
}

}  // namespace ambit::config
