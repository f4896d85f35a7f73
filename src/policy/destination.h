#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "base/ip_address.h"
#include "base/result.h"

namespace ambit::policy {

/// A host name: lower-case ASCII (A-labels), no trailing dot, at most 253 octets.
struct HostName {
  std::string text;

  bool operator==(const HostName&) const = default;
};

/// How an address was written. Only allow rules care: they hold for the spelling they use.
enum class Spelling : std::uint8_t {
  kPlain,   ///< Dotted quad, or any RFC 4291 form of an IPv6 address.
  kMapped,  ///< IPv4 inside ::ffff:0:0/96.
  kLoose,   ///< The octal, hexadecimal and short forms of inet_aton(3), or a trailing dot.
};

/// Of a host's name, with its dots but without the final one (RFC 1035 §2.3.4).
inline constexpr std::size_t kMostNameOctets = 253;

/// What a client wants to reach. Made once from its request; matching, resolving, dialling, headers
/// and records use nothing else.
struct Destination {
  std::variant<HostName, IpAddress> host;
  Spelling spelling = Spelling::kPlain;
  std::uint16_t port = 0;  ///< 1 to 65535.

  [[nodiscard]] const IpAddress* address() const { return std::get_if<IpAddress>(&host); }
  /// Null for an address.
  [[nodiscard]] const std::string* name() const;
  /// The name or the canonical address; IPv6 without brackets.
  [[nodiscard]] std::string HostText() const;
  /// "example.com:443", "[::1]:80".
  [[nodiscard]] std::string Text() const;

  bool operator==(const Destination&) const = default;
};

/// The host as a request gives it: a name, an IPv4 address in any form, or "[IPv6]". Errors:
/// kInvalidConfig with a reason for everything else (blanks, non-ASCII, %, zone ids, unbracketed
/// IPv6, labels that are empty, longer than 63 or not LDH, names that end in a number but are no
/// address) and for port 0. A client that sends such a host gets 400.
Result<Destination> ParseDestination(std::string_view host, std::uint16_t port);

/// For protocols that carry addresses as bytes (SOCKS5, captured sockets): 4 or 16 bytes in network
/// order. Errors: another length, port 0.
Result<Destination> DestinationOf(std::span<const std::uint8_t> address, std::uint16_t port);

/// Whether `name` is "localhost" or below it (RFC 6761): never looked up, always this host.
bool IsLocalhostName(std::string_view name);

}  // namespace ambit::policy
