#include "config/toml_text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "base/path_text.h"

namespace ambit::config {
namespace {

Result<std::string> ValueText(const Node& node);

std::string RealText(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  std::array<char, 40> digits{};
  const auto end = std::to_chars(digits.begin(), digits.end(), value).ptr;
  std::string text(digits.begin(), end);
  if (text.find_first_of(".e") == std::string::npos) text += ".0";
  return text;
}

Result<std::string> ListText(const Node& list) {
  std::string out = "[";
  for (const Node& item : list.items) {
    AMBIT_TRY(const std::string value, ValueText(item));
    out += (out.size() > 1 ? ", " : "") + value;
  }
  return out + "]";
}

Result<std::string> InlineTableText(const Node& table) {
  if (table.members.empty()) return "{}";
  std::string out = "{";
  for (const Member& member : table.members) {
    AMBIT_TRY(const std::string value, ValueText(member.value));
    out += (out.size() > 1 ? ", " : " ") + TomlKey(member.key) + " = " + value;
  }
  return out + " }";
}

Result<std::string> ValueText(const Node& node) {
  switch (node.kind) {
    case NodeKind::kString:
      return TomlString(node.text);
    case NodeKind::kInteger:
      return std::to_string(node.integer);
    case NodeKind::kFloat:
      return RealText(node.real);
    case NodeKind::kBoolean:
      return std::string(node.boolean ? "true" : "false");
    case NodeKind::kArray:
      return ListText(node);
    case NodeKind::kTable:
      return InlineTableText(node);
    case NodeKind::kDateTime:
      break;
  }
  return Fail(ErrorCode::kUnsupported, "a date or time cannot be written again; make it a string",
              node.where.Ref());
}

Result<> AddLines(const Node& table, const std::string& path, std::vector<TomlLine>& lines) {
  for (const Member& member : table.members) {
    std::string key = path.empty() ? TomlKey(member.key) : path + "." + TomlKey(member.key);
    if (member.value.Is(NodeKind::kTable) && !member.value.members.empty()) {
      AMBIT_CHECK(AddLines(member.value, key, lines));
      continue;
    }
    AMBIT_TRY(std::string value, ValueText(member.value));
    lines.push_back({std::move(key), std::move(value), member.key_place.Ref()});
  }
  return {};
}

}  // namespace

std::string TomlString(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20 || byte == 0x7f) {
      out += "\\u00";
      out += kDigits[byte >> 4];
      out += kDigits[byte & 15];
    } else {
      out += c;
    }
  }
  return out + '"';
}

std::string TomlKey(std::string_view key) {
  const bool bare = !key.empty() && std::ranges::all_of(key, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
  });
  return bare ? std::string(key) : TomlString(key);
}

Result<std::vector<TomlLine>> TomlLines(const Node& table) {
  std::vector<TomlLine> lines;
  AMBIT_CHECK(AddLines(table, "", lines));
  return lines;
}

}  // namespace ambit::config
