#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/http_field.h"

/// What request and response heads of HTTP/1.1 have in common (RFC 9110 §5, RFC 9112 §2 and §6).
/// Strict on purpose: of two readings of one message, a filter and a server must never take
/// different ones. Everything is a view into the bytes that were parsed.
namespace ambit::proxy {

/// Bounds on a head (spec/network.md R7.4).
struct HeadLimits {
  std::size_t bytes = 64UL << 10;   ///< Of the whole head, its empty line included.
  std::size_t target = 16UL << 10;  ///< Of the request target.
  std::size_t fields = 100;
};

using ambit::Field;

/// Why a message is refused.
struct HeadError {
  int status = 400;       ///< What a client is answered.
  std::string_view text;  ///< In words; never from the message itself.
};

/// How the end of a body is known (RFC 9112 §6.3).
enum class Framing : std::uint8_t { kNone, kLength, kChunked, kUntilClose };

/// What a list of fields says about the body, the connection and what to do with it.
struct FieldSummary {
  std::optional<std::uint64_t> content_length;
  bool chunked = false;
  bool close = false;       ///< "close" in Connection or Proxy-Connection.
  bool keep_alive = false;  ///< "keep-alive" in one of them.
  bool upgrade = false;     ///< "upgrade" in Connection.
  std::string_view upgrade_to;
  bool several_upgrades = false;
};

/// The end of a head within `bytes`, its empty line included; 0 while it is incomplete. Lines end
/// with CR LF. `scanned` is kept between calls, so that no byte is looked at twice; 0 at first.
/// Fails on a line feed without carriage return and on a leading empty line.
struct HeadEnd {
  std::size_t size = 0;
  std::optional<HeadError> error;
};
HeadEnd FindHeadEnd(std::string_view bytes, std::size_t& scanned);

/// Reads "name: value" CR LF lines, up to the empty line that ends `lines`.
std::optional<HeadError> ParseFields(std::string_view lines, std::size_t most,
                                     std::vector<Field>& fields);

/// Reads Content-Length, Transfer-Encoding, Connection and Upgrade. Refuses what two parties could
/// read in two ways: both of the first two, differing lengths, codings other than "chunked".
std::optional<HeadError> Summarise(const std::vector<Field>& fields, FieldSummary& summary);

/// Whether a proxy keeps this field of a message to itself: hop-by-hop fields and those that
/// Connection names (RFC 9110 §7.6.1), but never Host or Content-Length.
bool IsHopByHop(const Field& field, const std::vector<Field>& fields);

/// Whether the comma-separated list holds `word`, in any case.
bool ListHolds(std::string_view list, std::string_view word);

bool IsToken(std::string_view text);
/// Digits only, no sign, no overflow.
std::optional<std::uint64_t> ParseDecimal(std::string_view digits);

}  // namespace ambit::proxy
