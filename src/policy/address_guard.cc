#include "policy/address_guard.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace ambit::policy {
namespace {

struct NamedRange {
  std::uint32_t base;
  std::uint8_t bits;
  std::string_view name;
};

/// IANA special-purpose registry, and what else is not for everyone.
constexpr NamedRange kV4[] = {
    {0x00000000, 8, "this network (RFC 791)"},
    {0x0a000000, 8, "private (RFC 1918)"},
    {0x64400000, 10, "shared by carriers (RFC 6598)"},
    {0x7f000000, 8, "loopback"},
    {0xa9fe0000, 16, "link-local"},
    {0xac100000, 12, "private (RFC 1918)"},
    {0xc0000000, 24, "reserved for protocols (RFC 6890)"},
    {0xc0000200, 24, "documentation (RFC 5737)"},
    {0xc0586300, 24, "6to4 relay (RFC 7526)"},
    {0xc0a80000, 16, "private (RFC 1918)"},
    {0xc6120000, 15, "benchmarking (RFC 2544)"},
    {0xc6336400, 24, "documentation (RFC 5737)"},
    {0xcb007100, 24, "documentation (RFC 5737)"},
    {0xe0000000, 4, "multicast"},
    {0xf0000000, 4, "reserved (RFC 1112)"},
};

struct NamedRange6 {
  std::array<std::uint8_t, 16> base;
  std::uint8_t bits;
  std::string_view name;
};

constexpr NamedRange6 kV6[] = {
    {{}, 128, "unspecified"},
    {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, 128, "loopback"},
    {{0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}, 96, "IPv4-translated (RFC 2765)"},
    {{0x00, 0x64, 0xff, 0x9b, 0x00, 0x01}, 48, "local NAT64 (RFC 8215)"},
    {{0x01}, 64, "discard (RFC 6666)"},
    {{0x20, 0x01}, 32, "Teredo (RFC 4380)"},
    {{0x20, 0x01, 0x0d, 0xb8}, 32, "documentation (RFC 3849)"},
    {{0x3f, 0xff}, 20, "documentation (RFC 9637)"},
    {{0xfc}, 7, "unique local (RFC 4193)"},
    {{0xfe, 0x80}, 10, "link-local"},
    {{0xfe, 0xc0}, 10, "site-local (RFC 3879)"},
    {{0xff}, 8, "multicast"},
};

/// 64:ff9b::/96 and ::/96 carry an IPv4 address in their last 32 bits.
constexpr std::array<std::uint8_t, 12> kNat64 = {0x00, 0x64, 0xff, 0x9b};
constexpr std::array<std::uint8_t, 12> kCompatible = {};

IpRange RangeOf(const NamedRange& range) { return {IpAddress::V4(range.base), range.bits}; }
IpRange RangeOf(const NamedRange6& range) { return {IpAddress::V6(range.base), range.bits}; }

/// The name of the range that `fits`, or nothing.
template <class Test>
std::string_view FindRange(const IpAddress& family, Test fits) {
  const auto find = [&fits](const auto& ranges) -> std::string_view {
    for (const auto& range : ranges) {
      if (fits(RangeOf(range))) return range.name;
    }
    return {};
  };
  return family.is_v4() ? find(kV4) : find(kV6);
}

IpAddress V4At(std::span<const std::uint8_t> bytes, std::size_t at) {
  std::uint32_t value = 0;
  for (const std::uint8_t byte : bytes.subspan(at, 4)) value = value << 8 | byte;
  return IpAddress::V4(value);
}

}  // namespace

std::optional<IpAddress> EmbeddedV4(const IpAddress& address) {
  if (address.is_v4()) return std::nullopt;
  const auto bytes = address.bytes();
  if (bytes[0] == 0x20 && bytes[1] == 0x02) return V4At(bytes, 2);
  const auto prefix = bytes.first(12);
  if (std::ranges::equal(prefix, kNat64)) return V4At(bytes, 12);
  const bool low = bytes[12] == 0 && bytes[13] == 0 && bytes[14] == 0 && bytes[15] <= 1;
  if (std::ranges::equal(prefix, kCompatible) && !low) return V4At(bytes, 12);
  return std::nullopt;
}

std::string_view NonPublicRange(const IpAddress& address) {
  if (const auto inside = EmbeddedV4(address)) return NonPublicRange(*inside);
  return FindRange(address, [&](const IpRange& range) { return range.Contains(address); });
}

bool IsWhollyNonPublic(const IpRange& range) {
  const auto covers = [&range](const IpRange& closed) {
    return closed.bits <= range.bits && closed.Contains(range.base);
  };
  return !FindRange(range.base, covers).empty();
}

bool IsCloudMetadata(const IpAddress& address) {
  static const std::array kServices = {
      *ParseIp("100.100.100.200"),     // Alibaba Cloud
      *ParseIp("168.63.129.16"),       // Azure
      *ParseIp("192.0.0.192"),         // Oracle Cloud
      *ParseIp("fd00:ec2::254"),       // AWS
      *ParseIp("fd20:ce::254"),        // Google Cloud
      *ParseIp("fd00:42::42"),         // Scaleway
      *ParseIp("fd00:c1::a9fe:a9fe"),  // Oracle Cloud
  };
  if (const auto inside = EmbeddedV4(address)) return IsCloudMetadata(*inside);
  return std::ranges::find(kServices, address) != kServices.end();
}

bool IsLoopback(const IpAddress& address) {
  if (const auto inside = EmbeddedV4(address)) return IsLoopback(*inside);
  if (address.is_v4()) return address.v4() >> 24 == 127 || address.v4() == 0;
  const auto bytes = address.bytes();
  return std::ranges::all_of(bytes.first(15), [](std::uint8_t b) { return b == 0; }) &&
         bytes[15] <= 1;
}

}  // namespace ambit::policy
