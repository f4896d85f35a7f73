#include "proxy/request_head.h"

#include <algorithm>
#include <utility>

#include "base/ascii.h"

namespace ambit::proxy {
namespace {

using Refusal = std::optional<HeadError>;

bool IsVisible(std::string_view text) {
  return std::ranges::all_of(text, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte > 0x20 && byte != 0x7f;
  });
}

/// What a registered name or an address may consist of here; '%' and the delimiters of a URI never.
bool IsHostText(std::string_view host) {
  return !host.empty() && std::ranges::all_of(host, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '-' || c == '_' || c == '*';
  });
}

bool IsBracketed(std::string_view host) {
  return host.size() > 2 && host.front() == '[' && host.back() == ']' &&
         std::ranges::all_of(host.substr(1, host.size() - 2), [](char c) {
           return (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || (c >= '0' && c <= '9') ||
                  c == ':' || c == '.';
         });
}

/// A target "scheme://authority/path".
Refusal ParseAbsolute(std::string_view target, RequestHead& head, Authority& authority) {
  const std::size_t colon = target.find("://");
  if (colon == std::string_view::npos) return HeadError{400, "invalid request target"};
  head.scheme = target.substr(0, colon);
  std::uint16_t port = 80;
  if (EqualsIgnoreCase(head.scheme, "https") || EqualsIgnoreCase(head.scheme, "wss")) {
    port = 443;
  } else if (!EqualsIgnoreCase(head.scheme, "http") && !EqualsIgnoreCase(head.scheme, "ws")) {
    return HeadError{400, "unsupported scheme"};
  }
  std::string_view rest = target.substr(colon + 3);
  const std::size_t slash = rest.find_first_of("/?#");
  std::string_view text = rest.substr(0, slash);
  head.path = slash == std::string_view::npos ? std::string_view() : rest.substr(slash);
  head.path = head.path.substr(0, head.path.find('#'));
  // User-info is for the origin of an older time; nothing of it is sent on.
  if (const std::size_t at = text.rfind('@'); at != std::string_view::npos) {
    if (text.substr(0, at).find('\\') != std::string_view::npos) {
      return HeadError{400, "invalid request target"};
    }
    text.remove_prefix(at + 1);
  }
  if (text.empty()) return HeadError{400, "missing authority"};
  const std::optional<Authority> parsed = ParseAuthority(text);
  if (!parsed) return HeadError{400, "invalid authority"};
  authority = {parsed->host, parsed->port.value_or(port)};
  head.form = TargetForm::kAbsolute;
  return std::nullopt;
}

Refusal ParseTarget(std::string_view target, RequestHead& head, Authority& authority) {
  if (!IsVisible(target)) return HeadError{400, "invalid request target"};
  if (head.method == "CONNECT") {
    const std::optional<Authority> parsed = ParseAuthority(target);
    if (!parsed || !parsed->port) return HeadError{400, "CONNECT needs host:port"};
    authority = *parsed;
    head.form = TargetForm::kAuthority;
    return std::nullopt;
  }
  if (target.front() == '/') {
    head.form = TargetForm::kOrigin;
    head.path = target.substr(0, target.find('#'));
    return std::nullopt;
  }
  if (target == "*") {
    if (head.method != "OPTIONS") return HeadError{400, "invalid request target"};
    head.form = TargetForm::kAsterisk;
    head.path = target;
    return std::nullopt;
  }
  return ParseAbsolute(target, head, authority);
}

/// "METHOD target HTTP/1.x" with single blanks.
Refusal ParseRequestLine(std::string_view line, const HeadLimits& limits, RequestHead& head,
                         Authority& authority) {
  const std::size_t first = line.find(' ');
  const std::size_t last = line.rfind(' ');
  if (first == std::string_view::npos || first == last) {
    return HeadError{400, "malformed request line"};
  }
  head.method = line.substr(0, first);
  const std::string_view target = line.substr(first + 1, last - first - 1);
  const std::string_view version = line.substr(last + 1);
  if (!IsToken(head.method) || head.method == "PRI") return HeadError{400, "invalid method"};
  if (version != "HTTP/1.1" && version != "HTTP/1.0") {
    return HeadError{400, "unsupported HTTP version"};
  }
  head.minor_version = version.back() - '0';
  if (target.size() > limits.target) return HeadError{414, "the request target is too long"};
  if (target.empty()) return HeadError{400, "malformed request line"};
  return ParseTarget(target, head, authority);
}

Refusal CheckHost(const RequestHead& head, std::string_view value, Authority& authority) {
  const std::optional<Authority> named = ParseAuthority(value);
  if (!named) return HeadError{400, "invalid Host header"};
  if (head.form == TargetForm::kAuthority) return std::nullopt;
  if (head.form != TargetForm::kAbsolute) {
    authority = {named->host, named->port.value_or(80)};
    return std::nullopt;
  }
  const std::uint16_t usual = head.IsSecure() ? 443 : 80;
  if (!EqualsIgnoreCase(named->host, authority.host) ||
      named->port.value_or(usual) != *authority.port) {
    return HeadError{400, "Host header does not match request target"};
  }
  return std::nullopt;
}

Refusal ApplyHost(RequestHead& head, Authority& authority) {
  const Field* host = nullptr;
  for (const Field& field : head.fields) {
    if (EqualsIgnoreCase(field.name, "host")) {
      if (host != nullptr) return HeadError{400, kSeveralHosts};
      host = &field;
    } else if (EqualsIgnoreCase(field.name, "x-unix-socket")) {
      head.unix_socket = true;
    } else if (EqualsIgnoreCase(field.name, "expect")) {
      if (!EqualsIgnoreCase(field.value, "100-continue")) {
        return HeadError{417, "unknown expectation"};
      }
      head.expect_continue = head.minor_version == 1;
    }
  }
  head.has_host = host != nullptr;
  if (host != nullptr) return CheckHost(head, host->value, authority);
  const bool named = head.form == TargetForm::kAbsolute || head.form == TargetForm::kAuthority;
  return named ? std::nullopt : Refusal(HeadError{400, "missing host"});
}

Refusal ApplySummary(RequestHead& head) {
  const FieldSummary& summary = head.summary;
  if (summary.chunked && head.minor_version == 0) {
    return HeadError{400, "Transfer-Encoding in HTTP/1.0"};
  }
  if (head.IsConnect() && (summary.chunked || summary.content_length.value_or(0) > 0)) {
    return HeadError{400, "CONNECT with a body"};
  }
  if (summary.chunked) {
    head.framing = Framing::kChunked;
  } else if (summary.content_length.value_or(0) > 0) {
    head.framing = Framing::kLength;
  }
  head.keep_alive = head.minor_version == 1 ? !summary.close : summary.keep_alive && !summary.close;
  head.websocket = summary.upgrade && !summary.several_upgrades && head.minor_version == 1 &&
                   EqualsIgnoreCase(summary.upgrade_to, "websocket") && head.method == "GET" &&
                   head.framing == Framing::kNone;
  return std::nullopt;
}

}  // namespace

bool RequestHead::IsSecure() const {
  return EqualsIgnoreCase(scheme, "https") || EqualsIgnoreCase(scheme, "wss");
}

std::optional<Authority> ParseAuthority(std::string_view text) {
  Authority authority{text, std::nullopt};
  const std::size_t bracket = text.rfind(']');
  const std::size_t from = bracket == std::string_view::npos ? 0 : bracket;
  if (const std::size_t colon = text.find(':', from); colon != std::string_view::npos) {
    authority.host = text.substr(0, colon);
    const std::optional<std::uint64_t> port = ParseDecimal(text.substr(colon + 1));
    if (!port || *port == 0 || *port > 65535) return std::nullopt;
    authority.port = static_cast<std::uint16_t>(*port);
  }
  if (!IsHostText(authority.host) && !IsBracketed(authority.host)) return std::nullopt;
  return authority;
}

std::optional<HeadError> CheckPartialHead(std::string_view bytes, const HeadLimits& limits) {
  const bool first_line_done = bytes.find('\n') != std::string_view::npos;
  // A method and a version are short; the rest of a longer first line can only be a target.
  if (!first_line_done && bytes.size() > limits.target + 64) {
    return HeadError{414, "the request target is too long"};
  }
  if (bytes.size() >= limits.bytes) return HeadError{431, "the request head is too large"};
  if (!bytes.empty() && !IsToken(bytes.substr(0, 1))) {
    return HeadError{400, "malformed request line"};
  }
  return std::nullopt;
}

std::optional<HeadError> ParseRequestHead(std::string_view bytes, const HeadLimits& limits,
                                          RequestHead& head) {
  std::vector<Field> fields = std::move(head.fields);
  head = {};
  head.fields = std::move(fields);
  head.fields.clear();
  if (bytes.size() > limits.bytes) return HeadError{431, "the request head is too large"};
  const std::size_t end = bytes.find("\r\n");
  if (end == std::string_view::npos) return HeadError{400, "malformed request line"};
  Authority authority;
  if (auto error = ParseRequestLine(bytes.substr(0, end), limits, head, authority)) return error;
  if (auto error = ParseFields(bytes.substr(end + 2), limits.fields, head.fields)) return error;
  if (auto error = Summarise(head.fields, head.summary)) return error;
  if (auto error = ApplyHost(head, authority)) return error;
  head.host = authority.host;
  head.port = authority.port.value_or(80);
  return ApplySummary(head);
}

}  // namespace ambit::proxy
