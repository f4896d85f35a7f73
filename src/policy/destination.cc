#include "policy/destination.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>

#include "base/ascii.h"
#include "base/path_text.h"

namespace ambit::policy {
namespace {

constexpr std::size_t kMostLabelOctets = 63;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

bool IsLabelCharacter(char c) {
  return (c >= 'a' && c <= 'z') || IsDigit(c) || c == '-' || c == '_';
}

std::unexpected<Error> Refuse(std::string_view host, std::string_view problem) {
  return Fail(ErrorCode::kInvalidConfig, fmt::format("host '{}' {}", Printable(host), problem));
}

/// What is wrong with one label of a name, or nothing.
std::string_view LabelProblem(std::string_view label) {
  if (label.empty()) return "has an empty label; write single dots between names";
  if (label.size() > kMostLabelOctets) return "has a label of more than 63 octets";
  if (!std::ranges::all_of(label, IsLabelCharacter)) {
    return "may only have letters, digits, '-', '_' and dots";
  }
  if (label.front() == '-' || label.back() == '-') {
    return "has a label that begins or ends with '-'";
  }
  return {};
}

/// A last label that is a number, so that resolvers would take the whole for an IPv4 address.
bool EndsInNumber(std::string_view name) {
  const std::string_view last = name.substr(name.rfind('.') + 1);
  return std::ranges::all_of(last, IsDigit) || last.starts_with("0x");
}

/// A lower-case name without its trailing dot.
Result<HostName> CheckName(std::string name, std::string_view host) {
  if (name.size() > kMostNameOctets) return Refuse(host.substr(0, 32), "is longer than 253 octets");
  std::string_view rest = name;
  while (true) {
    const std::size_t dot = rest.find('.');
    const std::string_view problem = LabelProblem(rest.substr(0, dot));
    if (!problem.empty()) return Refuse(host, problem);
    if (dot == std::string_view::npos) break;
    rest.remove_prefix(dot + 1);
  }
  if (EndsInNumber(name)) {
    return Refuse(host, "ends in a number but is no IPv4 address; write four parts from 0 to 255");
  }
  return HostName{std::move(name)};
}

Result<Destination> ParseBracketed(std::string_view host, std::uint16_t port) {
  const std::string_view inside = host.substr(1, host.size() - 2);
  if (!host.ends_with(']') || host.size() < 2) return Refuse(host, "has an unmatched bracket");
  if (inside.find('%') != std::string_view::npos) {
    return Refuse(host, "has a zone id, which means nothing outside its own host");
  }
  const auto address = ParseIpv6(inside);
  if (!address) return Refuse(host, "is no IPv6 address");
  const Spelling spelling = address->is_v4() ? Spelling::kMapped : Spelling::kPlain;
  return Destination{*address, spelling, port};
}

}  // namespace

const std::string* Destination::name() const {
  const auto* const found = std::get_if<HostName>(&host);
  return found == nullptr ? nullptr : &found->text;
}

std::string Destination::HostText() const {
  const IpAddress* const at = address();
  return at != nullptr ? at->Text() : *name();
}

std::string Destination::Text() const {
  const IpAddress* const at = address();
  const bool brackets = at != nullptr && !at->is_v4();
  return fmt::format("{}{}{}:{}", brackets ? "[" : "", HostText(), brackets ? "]" : "", port);
}

Result<Destination> ParseDestination(std::string_view host, std::uint16_t port) {
  if (port == 0) return Refuse(host, "needs a port from 1 to 65535");
  if (host.empty()) return Fail(ErrorCode::kInvalidConfig, "the host is empty");
  if (host.starts_with('[')) return ParseBracketed(host, port);
  if (host.find(':') != std::string_view::npos) {
    return Refuse(host, "has a ':'; an IPv6 address stands in brackets");
  }
  if (const auto plain = ParseIpv4(host)) return Destination{*plain, Spelling::kPlain, port};
  std::string name = Lowered(host);
  if (name.ends_with('.')) name.pop_back();
  if (name.empty()) return Refuse(host, "is the root of the name space, which is no host");
  if (const auto loose = ParseInetAton(name)) return Destination{*loose, Spelling::kLoose, port};
  AMBIT_TRY(HostName checked, CheckName(std::move(name), host));
  return Destination{std::move(checked), Spelling::kPlain, port};
}

Result<Destination> DestinationOf(std::span<const std::uint8_t> address, std::uint16_t port) {
  if (port == 0) return Fail(ErrorCode::kInvalidConfig, "port 0 cannot be reached");
  if (address.size() == 4) {
    std::uint32_t value = 0;
    for (const std::uint8_t byte : address) value = value << 8 | byte;
    return Destination{IpAddress::V4(value), Spelling::kPlain, port};
  }
  if (address.size() != 16) {
    return Fail(ErrorCode::kInvalidConfig, "an address has 4 or 16 bytes");
  }
  const IpAddress canonical = IpAddress::V6(address.first<16>());
  const Spelling spelling = canonical.is_v4() ? Spelling::kMapped : Spelling::kPlain;
  return Destination{canonical, spelling, port};
}

bool IsLocalhostName(std::string_view name) {
  return name == "localhost" || name.ends_with(".localhost");
}

}  // namespace ambit::policy
