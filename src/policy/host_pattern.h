#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/ip_address.h"
#include "base/result.h"
#include "config/profile.h"
#include "policy/destination.h"

namespace ambit::policy {

/// What kind of hosts a pattern stands for.
enum class PatternKind : std::uint8_t {
  kEvery,        ///< `*`
  kName,         ///< One name, or names by label wildcards.
  kBelow,        ///< `*.host`: one or more labels below it.
  kAtOrBelow,    ///< `**.host`: it and everything below.
  kAddress,      ///< One address.
  kRange,        ///< CIDR.
  kAddressGlob,  ///< IPv4 addresses by their text: `10.*`, `*.0.0.1`.
};

/// A pattern of a `domains` table, checked and normalised: A-labels in lower case, canonical
/// addresses.
struct HostPattern {
  PatternKind kind = PatternKind::kEvery;
  std::string name{};          ///< For names: without prefix and trailing dot. For globs: the glob.
  bool has_wildcards = false;  ///< `name` has `*` or `?`.
  IpRange range{};             ///< For kAddress (full length) and kRange.
  Spelling spelling = Spelling::kPlain;
  config::PortRange ports{1, 65535};
  bool has_ports = false;
  /// Set when a `*` stands directly left of a public suffix: that suffix.
  std::string broad{};
  /// What a person should know about how it was read; empty when there is nothing odd.
  std::string note{};

  /// The pattern in one spelling, so that two ways to write one thing compare equal.
  [[nodiscard]] std::string Text() const;

  bool operator==(const HostPattern&) const = default;
};

/// Reads a pattern of an allow or a deny rule (network.md 3.4). Errors are one line without a
/// place: the pattern in quotes, the problem, the way out.
Result<HostPattern> ParseHostPattern(std::string_view text, bool allow);

/// Whether an allow rule with this pattern covers the host and port. Wildcards stay within a label,
/// address rules hold for the spelling they use.
bool AllowCovers(const HostPattern& pattern, const Destination& to);

/// Whether a deny rule with this pattern covers the host, in whatever spelling. Wildcards also
/// cross dots: a deny may cover more than an allow with the same text, never less.
bool DenyCovers(const HostPattern& pattern, const Destination& to);

/// Whether a deny rule closes an address that a name led to.
bool DenyCoversAddress(const HostPattern& pattern, const IpAddress& address);

}  // namespace ambit::policy
