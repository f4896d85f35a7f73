#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "proxy/http_fields.h"

namespace ambit::proxy {

/// The form of a request target (RFC 9112 §3.2).
enum class TargetForm : std::uint8_t { kOrigin, kAbsolute, kAuthority, kAsterisk };

/// "host", "host:port" or "[v6]:port", taken apart but not judged.
struct Authority {
  std::string_view host;  ///< Brackets kept.
  std::optional<std::uint16_t> port;
};

/// A request as the client wrote it. All views point into the parsed bytes.
struct RequestHead {
  std::string_view method;
  TargetForm form = TargetForm::kOrigin;
  std::string_view scheme;  ///< "http", "https", "ws" or "wss" in any case; "" without one.
  /// Where the request is to go: of the target where it names one, else of Host.
  std::string_view host;
  std::uint16_t port = 0;
  std::string_view path;  ///< What the origin is asked for: "/…", "?…" or "*"; may be empty.
  int minor_version = 1;  ///< HTTP/1.minor_version.
  bool has_host = false;  ///< Whether there is a Host field.
  std::vector<Field> fields;
  FieldSummary summary;
  Framing framing = Framing::kNone;
  bool expect_continue = false;
  bool websocket = false;    ///< A well-formed request to become a WebSocket (RFC 6455 §4.1).
  bool unix_socket = false;  ///< Asks for a Unix socket, which no proxy of ours opens.
  bool keep_alive = true;    ///< Whether the client wants the connection to go on.

  [[nodiscard]] bool IsConnect() const { return form == TargetForm::kAuthority; }
  /// Whether the client wants TLS to the origin, made by us.
  [[nodiscard]] bool IsSecure() const;
};

/// HeadError::text of a request with more than one Host field.
inline constexpr std::string_view kSeveralHosts = "multiple Host headers";

/// Reads a complete head, as FindHeadEnd delimits it, into `head`, whose memory is used again.
std::optional<HeadError> ParseRequestHead(std::string_view bytes, const HeadLimits& limits,
                                          RequestHead& head);

/// What the limits say of a head that is not complete yet.
std::optional<HeadError> CheckPartialHead(std::string_view bytes, const HeadLimits& limits);

/// Takes "host:port" apart. Nothing when it is malformed: user-info, an empty host, a port that is
/// no number from 1 to 65535, an IPv6 address without brackets, bytes no host has.
std::optional<Authority> ParseAuthority(std::string_view text);

}  // namespace ambit::proxy
