#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

/// The JSON of events: one object a line, whose values are texts, numbers, booleans, null and lists
/// of texts.
namespace ambit::audit {

/// Writes one object, member by member.
class FlatJson {
 public:
  /// A text that is not UTF-8 has U+FFFD in place of what is wrong, and a second member
  /// NAME_base64 beside it that holds exactly its bytes (RFC 4648, section 4).
  FlatJson& Text(std::string_view name, std::string_view value);
  /// As Text; null when `value` is empty.
  FlatJson& TextOrNull(std::string_view name, std::string_view value);
  FlatJson& Number(std::string_view name, std::int64_t value);
  /// As Number; null when `value` is 0.
  FlatJson& NumberOrNull(std::string_view name, std::int64_t value);
  FlatJson& Boolean(std::string_view name, bool value);
  FlatJson& List(std::string_view name, std::span<const std::string> values);
  /// "{…}" without a line break.
  [[nodiscard]] std::string Take() &&;

 private:
  FlatJson& Member(std::string_view name, std::string_view json);
  std::string out_ = "{";
};

/// What was read of one object. Null is a member without a value.
using FlatValue = std::variant<std::monostate, std::string, std::int64_t, bool>;
class FlatObject {
 public:
  /// Reads the text of one object without lists. Nothing when it is anything else, in whatever way.
  static std::optional<FlatObject> Read(std::string_view text);

  /// The exact bytes of a text, be they UTF-8 or not. Nothing when it is missing or no text.
  [[nodiscard]] std::optional<std::string> Text(std::string_view name) const;
  [[nodiscard]] std::optional<std::int64_t> Number(std::string_view name) const;
  [[nodiscard]] std::optional<bool> Boolean(std::string_view name) const;

 private:
  std::map<std::string, FlatValue, std::less<>> members_;
};

/// RFC 4648, section 4.
std::string ToBase64(std::string_view bytes);
std::optional<std::string> FromBase64(std::string_view text);

}  // namespace ambit::audit
