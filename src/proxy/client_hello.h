#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace ambit::proxy {

/// What the first message of a TLS client says about where it goes.
struct ClientHello {
  enum class State : std::uint8_t {
    kMore,  ///< Incomplete.
    kDone,
    kNotTls,  ///< Something else, or malformed.
  };
  State state = State::kMore;
  std::string server_name;  ///< host_name of the SNI extension (RFC 6066 §3); "" without one.
  /// An encrypted ClientHello is offered: `server_name` is only the outer one (RFC 9849), and
  /// the real one is hidden. A GREASE extension looks the same, and is meant to.
  bool encrypted = false;
};

/// No more than this is looked at; a longer hello is kNotTls.
inline constexpr std::size_t kLongestClientHello = 32UL << 10;

/// Reads the handshake records at the start of `bytes` (RFC 8446 §4.1.2, §5.1). The message may be
/// spread over several records.
ClientHello ParseClientHello(std::string_view bytes);

}  // namespace ambit::proxy
