#pragma once

#include <cstdint>
#include <initializer_list>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "config/node.h"
#include "config/profile.h"

namespace ambit::config {

/// `key` as it would be written in a dotted key: bare if it can be, else quoted.
std::string QuoteKey(std::string_view key);

/// "[path]" of a table inside the table `path`.
std::string ChildPath(std::string_view path, std::string_view key);

/// Reads the keys of one table with their types. Every accessor returns nothing for a key that is
/// absent, and an Error with the value's place and what would be accepted for one of another type.
class TableReader {
 public:
  /// `path` is the table's dotted name for messages; empty for the top of a file. `node` must be a
  /// table and outlive the reader.
  TableReader(const Node& node, std::string path) : node_(&node), path_(std::move(path)) {}

  /// The reader of the table `key`, or nothing. `key` must hold a table.
  [[nodiscard]] Result<std::optional<TableReader>> Table(std::string_view key) const;

  [[nodiscard]] Result<std::optional<Placed<bool>>> Boolean(std::string_view key) const;
  [[nodiscard]] Result<std::optional<Placed<std::string>>> String(std::string_view key) const;
  /// A string that is one of `words`, compared as written.
  [[nodiscard]] Result<std::optional<Placed<std::string>>> Word(
      std::string_view key, std::span<const std::string_view> words) const;
  [[nodiscard]] Result<std::optional<Placed<std::int64_t>>> Integer(
      std::string_view key, std::int64_t least,
      std::int64_t most = std::numeric_limits<std::int64_t>::max()) const;
  /// A list of strings; empty when absent.
  [[nodiscard]] Result<std::vector<Placed<std::string>>> Strings(std::string_view key) const;
  /// The elements of a list; empty when absent.
  [[nodiscard]] Result<std::span<const Node>> List(std::string_view key) const;

  /// Refuses every key that is not in `known`, naming the nearest one.
  [[nodiscard]] Result<> RefuseUnknown(std::span<const std::string_view> known) const;

  [[nodiscard]] const Node& node() const { return *node_; }
  [[nodiscard]] const std::string& path() const { return path_; }
  /// "'key' in [path]", or "'key'" at the top of a file.
  [[nodiscard]] std::string Name(std::string_view key) const;

 private:
  const Node* node_;
  std::string path_;
};

/// "NAME must be WANTED, not a list".
std::unexpected<Error> WrongType(const std::string& name, std::string_view wanted,
                                 const Node& found);

/// The text of `node`, which must be one of `words`. `name` starts the message.
Result<std::string> ReadWord(const Node& node, const std::string& name,
                             std::span<const std::string_view> words);

/// The boolean that `node` must be. `name` starts the message.
Result<bool> ReadBoolean(const Node& node, const std::string& name);

/// `"a", "b" or "c"`.
std::string ListWords(std::span<const std::string_view> words);

/// "; did you mean 'x'?" for the nearest of `known`, or what `otherwise` says.
std::string Suggestion(std::string_view word, std::span<const std::string_view> known,
                       std::string otherwise);

}  // namespace ambit::config
