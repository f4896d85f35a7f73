#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace ambit {

/// An IPv4 or IPv6 address in canonical form: an IPv4-mapped IPv6 address (::ffff:0:0/96) is the
/// IPv4 address inside, so one host has one value. Pure data, network byte order.
class IpAddress {
 public:
  IpAddress() = default;  ///< 0.0.0.0

  /// From host byte order: 0x7f000001 is 127.0.0.1.
  static IpAddress V4(std::uint32_t host_order);
  /// Mapped addresses become IPv4.
  static IpAddress V6(std::span<const std::uint8_t, 16> bytes);

  [[nodiscard]] bool is_v4() const { return !v6_; }
  /// Host byte order; only for IPv4.
  [[nodiscard]] std::uint32_t v4() const;
  /// 4 or 16 bytes in network order.
  [[nodiscard]] std::span<const std::uint8_t> bytes() const;
  /// Dotted quad, or the form of RFC 5952, without brackets.
  [[nodiscard]] std::string Text() const;

  auto operator<=>(const IpAddress&) const = default;

 private:
  bool v6_ = false;
  std::array<std::uint8_t, 16> bytes_{};
};

/// Exactly four decimal parts without leading zeros.
std::optional<IpAddress> ParseIpv4(std::string_view text);

/// RFC 4291 text without brackets and without a zone; the last 32 bits may be a dotted quad.
std::optional<IpAddress> ParseIpv6(std::string_view text);

/// ParseIpv4 or ParseIpv6.
std::optional<IpAddress> ParseIp(std::string_view text);

/// Every form that inet_aton(3) takes for a whole text: one to four parts, each decimal, octal (0…)
/// or hexadecimal (0x…), the last one filling what is left.
std::optional<IpAddress> ParseInetAton(std::string_view text);

/// The addresses that share the first `bits` bits with `base`, which has zeros behind them.
struct IpRange {
  IpAddress base;
  std::uint8_t bits = 0;  ///< At most 32 or 128, after the family of `base`.

  [[nodiscard]] bool Contains(const IpAddress& address) const;
  [[nodiscard]] std::string Text() const;  ///< "10.0.0.0/8"

  bool operator==(const IpRange&) const = default;
};

/// "ADDRESS/LENGTH". Bits behind the length are cleared; nullopt for anything malformed.
std::optional<IpRange> ParseIpRange(std::string_view text);

}  // namespace ambit
