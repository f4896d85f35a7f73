#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

/// The messages of SOCKS version 5 (RFC 1928), without authentication.
namespace ambit::proxy::socks5 {

/// The bytes of the answer to a greeting.
inline constexpr std::string_view kNoAuthentication{"\x05\x00", 2};
inline constexpr std::string_view kNoMethod{"\x05\xff", 2};

/// REP of a reply.
enum class Reply : std::uint8_t {
  kSucceeded = 0,
  kGeneralFailure = 1,
  kNotAllowed = 2,
  kNetworkUnreachable = 3,
  kHostUnreachable = 4,
  kConnectionRefused = 5,
  kExpired = 6,
  kCommandUnsupported = 7,
  kAddressUnsupported = 8,
};

/// What reading came to.
enum class State : std::uint8_t {
  kMore,   ///< Incomplete.
  kDone,   ///< Complete, of `size` bytes.
  kReply,  ///< To be answered with `reply`, then closed.
  kClose,  ///< To be closed without an answer.
};

struct Greeting {
  State state = State::kMore;
  std::size_t size = 0;
  bool offers_none = false;  ///< Whether "no authentication" is among the methods.
};
Greeting ParseGreeting(std::string_view bytes);

struct Request {
  State state = State::kMore;
  std::size_t size = 0;
  Reply reply = Reply::kSucceeded;
  std::string host;  ///< A name as sent, or the text of an address (IPv6 in brackets).
  std::uint16_t port = 0;
};
/// Reads a request. Only CONNECT is done. A name with bytes that no name has, a colon among them,
/// ends the connection.
Request ParseRequest(std::string_view bytes);

/// The bytes of a reply. `address` is 4 or 16 bytes in network order; empty: 0.0.0.0.
std::string MakeReply(Reply reply, std::string_view address = {}, std::uint16_t port = 0);

}  // namespace ambit::proxy::socks5
