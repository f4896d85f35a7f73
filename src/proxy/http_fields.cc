#include "proxy/http_fields.h"

#include <algorithm>
#include <array>
#include <limits>

#include "base/ascii.h"

namespace ambit::proxy {
namespace {

constexpr auto kTokenBytes = [] {
  std::array<bool, 256> table{};
  for (const char c : std::string_view("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz"
                                       "ABCDEFGHIJKLMNOPQRSTUVWXYZ")) {
    table[static_cast<unsigned char>(c)] = true;
  }
  return table;
}();

/// Visible bytes, blank, tab and everything above ASCII (RFC 9110 §5.5).
constexpr auto kValueBytes = [] {
  std::array<bool, 256> table{};
  for (std::size_t c = 0x20; c < 256; ++c) table[c] = c != 0x7f;
  table['\t'] = true;
  return table;
}();

bool AllIn(const std::array<bool, 256>& table, std::string_view text) {
  return std::ranges::all_of(text, [&](char c) { return table[static_cast<unsigned char>(c)]; });
}

std::string_view Trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

/// Takes the next member of a comma-separated list off `list`.
std::string_view NextMember(std::string_view& list) {
  const std::size_t comma = list.find(',');
  const std::string_view member = list.substr(0, comma);
  list.remove_prefix(comma == std::string_view::npos ? list.size() : comma + 1);
  return Trim(member);
}

std::optional<HeadError> ParseLine(std::string_view line, Field& field) {
  if (line.front() == ' ' || line.front() == '\t') {
    return HeadError{400, "a header line begins with a blank"};
  }
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return HeadError{400, "a header line has no colon"};
  field.name = line.substr(0, colon);
  field.value = Trim(line.substr(colon + 1));
  if (!IsToken(field.name)) return HeadError{400, "a header name is not a token"};
  if (!AllIn(kValueBytes, field.value)) {
    return HeadError{400, "a header value holds a control character"};
  }
  return std::nullopt;
}

std::optional<HeadError> TakeLength(std::string_view value, FieldSummary& summary) {
  const std::optional<std::uint64_t> length = ParseDecimal(value);
  if (!length) return HeadError{400, "Content-Length is not a number"};
  if (summary.content_length && *summary.content_length != *length) {
    return HeadError{400, "two different Content-Length headers"};
  }
  summary.content_length = length;
  return std::nullopt;
}

std::optional<HeadError> TakeCoding(std::string_view value, FieldSummary& summary) {
  if (summary.chunked || !EqualsIgnoreCase(value, "chunked")) {
    return HeadError{400, "Transfer-Encoding is not \"chunked\""};
  }
  summary.chunked = true;
  return std::nullopt;
}

void TakeConnection(std::string_view value, bool of_this_hop, FieldSummary& summary) {
  while (!value.empty()) {
    const std::string_view member = NextMember(value);
    if (EqualsIgnoreCase(member, "close")) summary.close = true;
    if (EqualsIgnoreCase(member, "keep-alive")) summary.keep_alive = true;
    if (of_this_hop && EqualsIgnoreCase(member, "upgrade")) summary.upgrade = true;
  }
}

std::optional<HeadError> TakeField(const Field& field, FieldSummary& summary) {
  switch (field.name.size()) {
    case 7:
      if (EqualsIgnoreCase(field.name, "upgrade")) {
        summary.several_upgrades = summary.several_upgrades || !summary.upgrade_to.empty();
        summary.upgrade_to = field.value;
      }
      break;
    case 10:
      if (EqualsIgnoreCase(field.name, "connection")) TakeConnection(field.value, true, summary);
      break;
    case 14:
      if (EqualsIgnoreCase(field.name, "content-length")) return TakeLength(field.value, summary);
      break;
    case 16:
      if (EqualsIgnoreCase(field.name, "proxy-connection")) {
        TakeConnection(field.value, false, summary);
      }
      break;
    case 17:
      if (EqualsIgnoreCase(field.name, "transfer-encoding")) {
        return TakeCoding(field.value, summary);
      }
      break;
    default:
      break;
  }
  return std::nullopt;
}

}  // namespace

bool IsToken(std::string_view text) { return !text.empty() && AllIn(kTokenBytes, text); }

std::optional<std::uint64_t> ParseDecimal(std::string_view digits) {
  if (digits.empty() || digits.size() > 19) return std::nullopt;
  std::uint64_t value = 0;
  for (const char c : digits) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + static_cast<std::uint64_t>(c - '0');
  }
  if (value > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
    return std::nullopt;
  }
  return value;
}

bool ListHolds(std::string_view list, std::string_view word) {
  while (!list.empty()) {
    if (EqualsIgnoreCase(NextMember(list), word)) return true;
  }
  return false;
}

HeadEnd FindHeadEnd(std::string_view bytes, std::size_t& scanned) {
  for (;;) {
    const std::size_t feed = bytes.find('\n', scanned);
    if (feed == std::string_view::npos) {
      scanned = bytes.size();
      return {};
    }
    if (feed == 0 || bytes[feed - 1] != '\r') {
      return {0, HeadError{400, "a line ends without a carriage return"}};
    }
    if (feed == 1) return {0, HeadError{400, "an empty line before the request"}};
    scanned = feed + 1;
    if (feed >= 3 && bytes[feed - 2] == '\n') return {feed + 1, std::nullopt};
  }
}

std::optional<HeadError> ParseFields(std::string_view lines, std::size_t most,
                                     std::vector<Field>& fields) {
  fields.clear();
  while (lines != "\r\n") {
    const std::size_t end = lines.find("\r\n");
    if (end == std::string_view::npos) return HeadError{400, "the head has no end"};
    if (end == 0) return HeadError{400, "an empty line within the head"};
    if (fields.size() == most) return HeadError{431, "too many header fields"};
    Field field;
    if (auto error = ParseLine(lines.substr(0, end), field)) return error;
    fields.push_back(field);
    lines.remove_prefix(end + 2);
  }
  return std::nullopt;
}

std::optional<HeadError> Summarise(const std::vector<Field>& fields, FieldSummary& summary) {
  summary = {};
  for (const Field& field : fields) {
    if (auto error = TakeField(field, summary)) return error;
  }
  if (summary.chunked && summary.content_length) {
    return HeadError{400, "both Content-Length and Transfer-Encoding"};
  }
  return std::nullopt;
}

bool IsHopByHop(const Field& field, const std::vector<Field>& fields) {
  constexpr std::array<std::string_view, 9> kNames = {
      "connection", "keep-alive",        "proxy-connection", "proxy-authorization", "te",
      "trailer",    "transfer-encoding", "upgrade",          "proxy-authenticate"};
  for (const std::string_view name : kNames) {
    if (EqualsIgnoreCase(field.name, name)) return true;
  }
  if (EqualsIgnoreCase(field.name, "host") || EqualsIgnoreCase(field.name, "content-length")) {
    return false;
  }
  return std::ranges::any_of(fields, [&](const Field& other) {
    return EqualsIgnoreCase(other.name, "connection") && ListHolds(other.value, field.name);
  });
}

}  // namespace ambit::proxy
