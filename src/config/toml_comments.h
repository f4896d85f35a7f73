#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace ambit::config {

/// A comment of a TOML text.
struct TomlComment {
  std::string text;    ///< Without the '#' and the blanks around it.
  bool alone = false;  ///< Nothing but blanks stands before it on its line.
};

/// Comments by their line, the first of which is 1.
using TomlComments = std::map<std::uint32_t, TomlComment>;

/// The comments of `text`, which should be valid TOML.
TomlComments FindComments(std::string_view text);

}  // namespace ambit::config
