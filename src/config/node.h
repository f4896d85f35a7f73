#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace ambit::config {

/// A place in a configuration text. Many values share one file name, so it is held once.
struct Place {
  std::shared_ptr<const std::string> file;
  std::uint32_t line = 0;
  std::uint32_t column = 0;

  [[nodiscard]] SourceRef Ref() const;
};

/// A place that is only a name: a built-in profile, a command-line flag.
Place NamedPlace(std::string name);

enum class NodeKind : std::uint8_t {
  kString,
  kInteger,
  kFloat,
  kBoolean,
  kDateTime,
  kArray,
  kTable
};

/// "a string", "an integer", ...: for messages.
std::string_view KindName(NodeKind kind);

struct Member;

/// A value of a configuration text that knows where it was written. Free of the parser's types.
struct Node {
  NodeKind kind = NodeKind::kTable;
  Place where;                  ///< Where the value starts.
  std::string text;             ///< kString: the text, in UTF-8.
  std::int64_t integer = 0;     ///< kInteger.
  double real = 0;              ///< kFloat.
  bool boolean = false;         ///< kBoolean.
  std::vector<Node> items;      ///< kArray.
  std::vector<Member> members;  ///< kTable: sorted by key, every key once.

  [[nodiscard]] bool Is(NodeKind other) const { return kind == other; }
  /// The value of `key` in a table, or null.
  [[nodiscard]] const Node* Find(std::string_view key) const;
  [[nodiscard]] Node* Find(std::string_view key);
  [[nodiscard]] const Member* FindMember(std::string_view key) const;
  /// Sets or replaces `key`, keeping the members sorted.
  void Set(std::string key, Place key_place, Node value);
  /// Removes `key`, if it is there.
  void Erase(std::string_view key);
};

/// A key of a table with its value.
struct Member {
  std::string key;
  Place key_place;
  Node value;
};

Node StringNode(std::string text, Place where);
Node BooleanNode(bool value, Place where);
Node TableNode(Place where);

}  // namespace ambit::config
