#include "audit/flat_json.h"

#include <fmt/format.h>

#include <array>
#include <charconv>

#include "base/json_text.h"
#include "base/utf8.h"

namespace ambit::audit {
namespace {

constexpr std::string_view kBase64 =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

bool IsUtf8(std::string_view text) {
  while (!text.empty()) {
    const Utf8Character next = DecodeUtf8(text);
    if (next.code >= kInvalidByteBase) return false;
    text.remove_prefix(next.length);
  }
  return true;
}

void AppendUtf8(std::string& out, std::uint32_t code) {
  const auto add = [&out](std::uint32_t byte) { out += static_cast<char>(byte); };
  if (code < 0x80) {
    add(code);
  } else if (code < 0x800) {
    add(0xc0 | (code >> 6));
    add(0x80 | (code & 0x3f));
  } else if (code < 0x10000) {
    add(0xe0 | (code >> 12));
    add(0x80 | ((code >> 6) & 0x3f));
    add(0x80 | (code & 0x3f));
  } else {
    add(0xf0 | (code >> 18));
    add(0x80 | ((code >> 12) & 0x3f));
    add(0x80 | ((code >> 6) & 0x3f));
    add(0x80 | (code & 0x3f));
  }
}

class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  bool Object(std::map<std::string, FlatValue, std::less<>>& out) {
    if (!Take('{')) return false;
    if (Take('}')) return AtEnd();
    do {
      std::string name;
      FlatValue value;
      if (!String(name) || !Take(':') || !Value(value)) return false;
      if (!out.emplace(std::move(name), std::move(value)).second) return false;
    } while (Take(','));
    return Take('}') && AtEnd();
  }

 private:
  void SkipBlanks() {
    while (!rest_.empty() && std::string_view(" \t\r\n").find(rest_.front()) != rest_.npos)
      rest_.remove_prefix(1);
  }
  bool AtEnd() {
    SkipBlanks();
    return rest_.empty();
  }
  bool Take(char c) {
    SkipBlanks();
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  bool TakeWord(std::string_view word) {
    if (!rest_.starts_with(word)) return false;
    rest_.remove_prefix(word.size());
    return true;
  }

  bool Value(FlatValue& out) {
    SkipBlanks();
    if (rest_.starts_with('"')) return String(out.emplace<std::string>());
    if (TakeWord("null")) return true;
    if (TakeWord("true")) {
      out = true;
      return true;
    }
    if (TakeWord("false")) {
      out = false;
      return true;
    }
    return Integer(out.emplace<std::int64_t>());
  }

  bool Integer(std::int64_t& out) {
    const char* const begin = rest_.data();
    const auto [end, problem] = std::from_chars(begin, begin + rest_.size(), out);
    if (problem != std::errc()) return false;
    rest_.remove_prefix(static_cast<std::size_t>(end - begin));
    return true;
  }

  bool String(std::string& out) {
    if (!Take('"')) return false;
    while (!rest_.empty()) {
      const char c = rest_.front();
      rest_.remove_prefix(1);
      if (c == '"') return IsUtf8(out);
      if (static_cast<unsigned char>(c) < 0x20) return false;
      if (c != '\\') {
        out += c;
      } else if (!Escape(out)) {
        return false;
      }
    }
    return false;
  }

  bool Escape(std::string& out) {
    constexpr std::string_view kLetters = "\"\\/bfnrt";
    constexpr std::string_view kMeanings = "\"\\/\b\f\n\r\t";
    if (rest_.empty()) return false;
    const char c = rest_.front();
    rest_.remove_prefix(1);
    if (c == 'u') return Code(out);
    const std::size_t at = kLetters.find(c);
    if (at == std::string_view::npos) return false;
    out += kMeanings[at];
    return true;
  }

  /// XXXX after "\u"; two of them for what lies beyond U+FFFF.
  bool Code(std::string& out) {
    std::uint32_t code = 0;
    if (!FourDigits(code) || (code >= 0xdc00 && code < 0xe000)) return false;
    if (code >= 0xd800 && code < 0xdc00) {
      std::uint32_t low = 0;
      if (!TakeWord("\\u") || !FourDigits(low) || low < 0xdc00 || low >= 0xe000) return false;
      code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
    }
    AppendUtf8(out, code);
    return true;
  }
  bool FourDigits(std::uint32_t& out) {
    if (rest_.size() < 4) return false;
    const char* const begin = rest_.data();
    const auto [end, problem] = std::from_chars(begin, begin + 4, out, 16);
    if (problem != std::errc() || end != begin + 4) return false;
    rest_.remove_prefix(4);
    return true;
  }

  std::string_view rest_;
};

}  // namespace

FlatJson& FlatJson::Member(std::string_view name, std::string_view json) {
  if (out_.size() > 1) out_ += ',';
  out_ += JsonString(name);
  out_ += ':';
  out_ += json;
  return *this;
}

FlatJson& FlatJson::Text(std::string_view name, std::string_view value) {
  Member(name, JsonString(value));
  if (IsUtf8(value)) return *this;
  return Member(fmt::format("{}_base64", name), JsonString(ToBase64(value)));
}

FlatJson& FlatJson::TextOrNull(std::string_view name, std::string_view value) {
  return value.empty() ? Member(name, "null") : Text(name, value);
}

FlatJson& FlatJson::NumberOrNull(std::string_view name, std::int64_t value) {
  return value == 0 ? Member(name, "null") : Number(name, value);
}

FlatJson& FlatJson::Number(std::string_view name, std::int64_t value) {
  return Member(name, std::to_string(value));
}

FlatJson& FlatJson::Boolean(std::string_view name, bool value) {
  return Member(name, value ? "true" : "false");
}

FlatJson& FlatJson::List(std::string_view name, std::span<const std::string> values) {
  std::string json = "[";
  for (const std::string& value : values) {
    if (json.size() > 1) json += ',';
    json += JsonString(value);
  }
  return Member(name, json + "]");
}

std::string FlatJson::Take() && {
  out_ += '}';
  return std::move(out_);
}

std::optional<FlatObject> FlatObject::Read(std::string_view text) {
  FlatObject out;
  if (!Reader(text).Object(out.members_)) return std::nullopt;
  return out;
}

std::optional<std::string> FlatObject::Text(std::string_view name) const {
  if (const auto exact = members_.find(fmt::format("{}_base64", name)); exact != members_.end()) {
    const auto* const text = std::get_if<std::string>(&exact->second);
    return text == nullptr ? std::nullopt : FromBase64(*text);
  }
  const auto found = members_.find(name);
  if (found == members_.end()) return std::nullopt;
  const auto* const text = std::get_if<std::string>(&found->second);
  return text == nullptr ? std::nullopt : std::optional(*text);
}

std::optional<std::int64_t> FlatObject::Number(std::string_view name) const {
  const auto found = members_.find(name);
  if (found == members_.end()) return std::nullopt;
  const auto* const number = std::get_if<std::int64_t>(&found->second);
  return number == nullptr ? std::nullopt : std::optional(*number);
}

std::optional<bool> FlatObject::Boolean(std::string_view name) const {
  const auto found = members_.find(name);
  if (found == members_.end()) return std::nullopt;
  const auto* const value = std::get_if<bool>(&found->second);
  return value == nullptr ? std::nullopt : std::optional(*value);
}

std::string ToBase64(std::string_view bytes) {
  std::string out;
  std::uint32_t bits = 0;
  int count = 0;
  for (const char byte : bytes) {
    bits = (bits << 8) | static_cast<unsigned char>(byte);
    for (count += 8; count >= 6; count -= 6) out += kBase64[(bits >> (count - 6)) & 63];
  }
  if (count > 0) out += kBase64[(bits << (6 - count)) & 63];
  while (out.size() % 4 != 0) out += '=';
  return out;
}

namespace {

constexpr std::uint8_t kNoDigit = 64;

/// The value of each digit of base64.
constexpr std::array<std::uint8_t, 256> kBase64Values = [] {
  std::array<std::uint8_t, 256> out{};
  out.fill(kNoDigit);
  for (std::uint8_t value = 0; value < kBase64.size(); ++value) {
    out[static_cast<unsigned char>(kBase64[value])] = value;
  }
  return out;
}();

}  // namespace

std::optional<std::string> FromBase64(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  for (int i = 0; i < 2 && text.ends_with('='); ++i) text.remove_suffix(1);
  std::string out;
  out.reserve(text.size() / 4 * 3 + 3);
  std::uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    const std::uint8_t value = kBase64Values[static_cast<unsigned char>(c)];
    if (value == kNoDigit) return std::nullopt;
    bits = (bits << 6) | value;
    count += 6;
    if (count < 8) continue;
    count -= 8;
    out += static_cast<char>((bits >> count) & 0xff);
  }
  return out;
}

}  // namespace ambit::audit
