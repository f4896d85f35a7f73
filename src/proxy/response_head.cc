#include "proxy/response_head.h"

#include <algorithm>
#include <utility>

#include "base/ascii.h"

namespace ambit::proxy {
namespace {

/// "HTTP/1.x NNN reason"; the reason and the blank before it may be missing.
std::optional<HeadError> ParseStatusLine(std::string_view line, ResponseHead& head) {
  constexpr HeadError kMalformed{502, "malformed status line"};
  if (line.size() < 12 || !line.starts_with("HTTP/1.") || line[8] != ' ') return kMalformed;
  if (line[7] != '0' && line[7] != '1') return kMalformed;
  head.minor_version = line[7] - '0';
  const std::optional<std::uint64_t> status = ParseDecimal(line.substr(9, 3));
  if (!status || *status < 100) return kMalformed;
  head.status = static_cast<int>(*status);
  if (line.size() == 12) return std::nullopt;
  if (line[12] != ' ') return kMalformed;
  head.reason = line.substr(13);
  const bool clean = std::ranges::all_of(head.reason, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte == '\t' || (byte >= 0x20 && byte != 0x7f);
  });
  return clean ? std::nullopt : std::optional(kMalformed);
}

}  // namespace

bool ResponseHead::KeepsAlive() const {
  return minor_version == 1 ? !summary.close : summary.keep_alive && !summary.close;
}

Framing ResponseHead::FramingFor(std::string_view method) const {
  if (method == "HEAD" || status < 200 || status == 204 || status == 304) return Framing::kNone;
  if (summary.chunked) return Framing::kChunked;
  if (summary.content_length) return Framing::kLength;
  return Framing::kUntilClose;
}

bool ResponseHead::BecomesWebSocket() const {
  return status == 101 && summary.upgrade && !summary.several_upgrades &&
         EqualsIgnoreCase(summary.upgrade_to, "websocket");
}

std::optional<HeadError> ParseResponseHead(std::string_view bytes, const HeadLimits& limits,
                                           ResponseHead& head) {
  std::vector<Field> fields = std::move(head.fields);
  head = {};
  head.fields = std::move(fields);
  head.fields.clear();
  const std::size_t end = bytes.find("\r\n");
  if (bytes.size() > limits.bytes || end == std::string_view::npos) {
    return HeadError{502, "the response head is too large"};
  }
  if (auto error = ParseStatusLine(bytes.substr(0, end), head)) return error;
  if (auto error = ParseFields(bytes.substr(end + 2), limits.fields, head.fields)) {
    return HeadError{502, error->text};
  }
  if (auto error = Summarise(head.fields, head.summary)) return HeadError{502, error->text};
  return std::nullopt;
}

}  // namespace ambit::proxy
