#include "config/override.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "base/path_text.h"
#include "config/toml_reader.h"
#include "config/toml_shape.h"

namespace ambit::config {
namespace {

/// Whether `value` is one word without anything that has a meaning in TOML.
bool IsBareWord(std::string_view value) {
  return !value.empty() && std::ranges::all_of(value, [](char c) {
    return static_cast<unsigned char>(c) > ' ' && c != 0x7f &&
           std::string_view("\"'[]{}=,#").find(c) == std::string_view::npos;
  });
}

void MoveTo(Node& node, const Place& place) {
  node.where = place;
  for (Node& item : node.items) MoveTo(item, place);
  for (Member& member : node.members) {
    member.key_place = place;
    MoveTo(member.value, place);
  }
}

Result<Node> ReadValue(std::string_view value, const Place& place) {
  const std::string name = place.Ref().file;
  auto parsed = ReadToml("value = " + std::string(value), name);
  // More than one key means that VALUE held a line break and went on with settings of its own.
  if (parsed && parsed->members.size() == 1 && parsed->Find("value")) {
    Node node = std::move(*parsed->Find("value"));
    MoveTo(node, place);
    return node;
  }
  if (IsBareWord(value)) return StringNode(std::string(value), place);
  std::string why = parsed ? "one value is expected" : parsed.error().message;
  return Fail(ErrorCode::kInvalidConfig,
              "'" + Printable(value) + "' is not a TOML value: " + std::move(why), place.Ref());
}

}  // namespace

Result<Node> ReadOverride(std::string_view key_and_value) {
  const std::size_t equals = key_and_value.find('=');
  if (equals == std::string_view::npos || equals == 0) {
    return Fail(ErrorCode::kInvalidConfig,
                "'" + Printable(key_and_value) +
                    "' after -c is not KEY=VALUE; write, for example, -c "
                    "default_permissions=NAME");
  }
  const std::string_view key = key_and_value.substr(0, equals);
  const Place place = NamedPlace("-c " + Printable(key));
  AMBIT_TRY(Node node, ReadValue(key_and_value.substr(equals + 1), place));

  std::vector<std::string_view> parts;
  for (std::string_view rest = key;;) {
    const std::size_t dot = rest.find('.');
    parts.push_back(rest.substr(0, dot));
    if (parts.back().empty() || parts.size() > kMaxKeyParts) {
      return Fail(ErrorCode::kInvalidConfig,
                  "'" + Printable(key) +
                      "' is not a key: it is split at every dot and no part may be empty; put a "
                      "key with dots into an inline table, such as -c 'a={\"x.y\"=1}'",
                  place.Ref());
    }
    if (dot == std::string_view::npos) break;
    rest.remove_prefix(dot + 1);
  }
  for (auto part = parts.rbegin(); part != parts.rend(); ++part) {
    Node table = TableNode(place);
    table.Set(std::string(*part), place, std::move(node));
    node = std::move(table);
  }
  return node;
}

}  // namespace ambit::config
