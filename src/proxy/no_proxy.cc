#include "proxy/no_proxy.h"

#include <algorithm>
#include <string_view>

#include "base/ascii.h"
#include "base/ip_address.h"
#include "proxy/http_fields.h"

namespace ambit::proxy {
namespace {

/// Takes ":port" off the end of `entry`. False: it names another port.
bool TakePort(std::string_view& entry, std::uint16_t port) {
  const std::size_t colon = entry.rfind(':');
  if (colon == std::string_view::npos || ParseIp(entry)) return true;
  const bool bracketed = colon > 0 && entry[colon - 1] == ']';
  if (!bracketed && entry.find(':') != colon) return true;
  const auto number = ParseDecimal(entry.substr(colon + 1));
  if (!number) return true;
  entry = entry.substr(0, colon);
  return *number == port;
}

bool CoversAddress(std::string_view entry, const IpAddress& address) {
  if (entry.starts_with('[') && entry.ends_with(']')) entry = entry.substr(1, entry.size() - 2);
  if (const auto range = ParseIpRange(entry)) return range->Contains(address);
  const auto one = ParseIp(entry);
  return one && *one == address;
}

bool CoversName(std::string_view entry, std::string_view name) {
  if (entry.starts_with('*')) entry.remove_prefix(1);
  if (entry.starts_with('.')) entry.remove_prefix(1);
  if (entry.ends_with('.')) entry.remove_suffix(1);
  if (entry.empty() || entry.size() > name.size()) return false;
  const std::string_view end = name.substr(name.size() - entry.size());
  return EqualsIgnoreCase(end, entry) &&
         (end.size() == name.size() || name[name.size() - end.size() - 1] == '.');
}

bool Covers(std::string_view entry, const policy::Destination& to) {
  if (entry == "*") return true;
  if (!TakePort(entry, to.port)) return false;
  if (const IpAddress* address = to.address()) return CoversAddress(entry, *address);
  return CoversName(entry, *to.name());
}

}  // namespace

bool GoesDirect(std::span<const std::string> entries, const policy::Destination& to) {
  return std::ranges::any_of(entries, [&](const std::string& entry) { return Covers(entry, to); });
}

}  // namespace ambit::proxy
