#pragma once

#include <optional>
#include <string_view>

#include "base/ip_address.h"

namespace ambit::policy {

/// Why an address is not public: the name of its range ("loopback", "private (RFC 1918)", …), or
/// nothing for a public one. Addresses that carry an IPv4 address through a translator (NAT64,
/// 6to4) or in its compatible form are judged by that.
std::string_view NonPublicRange(const IpAddress& address);

/// Whether the guard closes every address of the range.
bool IsWhollyNonPublic(const IpRange& range);

/// The address of a cloud's metadata service that lies outside the link-local ranges. Refused even
/// with the guard off, unless allowed literally.
bool IsCloudMetadata(const IpAddress& address);

/// 127.0.0.0/8, ::1, and the unspecified addresses, by which Linux reaches the same host.
bool IsLoopback(const IpAddress& address);

/// The IPv4 address that packets to an IPv6 address end at: NAT64 64:ff9b::/96, 6to4 2002::/16,
/// IPv4-compatible ::/96.
std::optional<IpAddress> EmbeddedV4(const IpAddress& address);

}  // namespace ambit::policy
