#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "config/node.h"

/// Writing TOML.
namespace ambit::config {

/// `text` as a basic string with its quotes.
std::string TomlString(std::string_view text);

/// `key` as one part of a dotted key: bare when it can be, else as a basic string.
std::string TomlKey(std::string_view key);

/// One setting of a table, its nested tables written as dotted keys.
struct TomlLine {
  std::string key;    ///< Dotted.
  std::string value;  ///< On one line.
  SourceRef from;     ///< Where the value was set.
};

/// Every setting of `table`, sorted by key. Errors: kUnsupported for a date or time, whose text is
/// not kept.
Result<std::vector<TomlLine>> TomlLines(const Node& table);

}  // namespace ambit::config
