#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "proxy/http_fields.h"

namespace ambit::proxy {

/// A response as the origin wrote it. All views point into the parsed bytes.
struct ResponseHead {
  int status = 0;
  int minor_version = 1;
  std::string_view reason;
  std::vector<Field> fields;
  FieldSummary summary;

  /// 1xx other than 101: another head follows.
  [[nodiscard]] bool IsInterim() const { return status < 200 && status != 101; }
  /// Whether the origin keeps the connection open after this response.
  [[nodiscard]] bool KeepsAlive() const;
  /// How the body ends, for a response to `method` (RFC 9112 §6.3).
  [[nodiscard]] Framing FramingFor(std::string_view method) const;
  /// Whether the connection now belongs to the WebSocket protocol.
  [[nodiscard]] bool BecomesWebSocket() const;
};

/// Reads a complete head, as FindHeadEnd delimits it, into `head`, whose memory is used again.
std::optional<HeadError> ParseResponseHead(std::string_view bytes, const HeadLimits& limits,
                                           ResponseHead& head);

}  // namespace ambit::proxy
