#include "policy/network.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "base/path_text.h"
#include "policy/address_guard.h"

namespace ambit::policy {
namespace {

using Outcome = NetworkVerdict::Outcome;

bool IsLocalhost(const Destination& to) {
  return to.name() != nullptr && IsLocalhostName(*to.name());
}

/// A host that is local by its own text, without any look-up.
bool IsLocalLiteral(const Destination& to) {
  return IsLocalhost(to) || (to.address() != nullptr && !NonPublicRange(*to.address()).empty());
}

bool IsMetadataLiteral(const Destination& to) {
  return to.address() != nullptr && IsCloudMetadata(*to.address());
}

std::string Place(const SourceRef& from) {
  const std::string place = ToString(from);
  return place.empty() ? "" : " at " + place;
}

/// The line that allows exactly this host and port, for the profile's network table.
std::string AllowLine(const Destination& to) {
  return fmt::format("domains.\"{}\" = \"allow\"", to.Text());
}

NetworkVerdict Deny(Reason reason, std::string detail) {
  NetworkVerdict out;
  out.reason = reason;
  out.detail = std::move(detail);
  return out;
}

NetworkVerdict DenyBy(Reason reason, const HostRule& rule, std::string detail) {
  NetworkVerdict out = Deny(reason, std::move(detail));
  out.rule = rule.given;
  out.from = rule.from;
  out.managed = rule.managed;
  return out;
}

NetworkVerdict AllowBy(Outcome outcome, const HostRule& rule, const Destination& to) {
  NetworkVerdict out;
  out.outcome = outcome;
  out.reason = Reason::kAllowed;
  out.rule = rule.given;
  out.from = rule.from;
  out.managed = rule.managed;
  out.detail = fmt::format("'{}' is allowed by '{}'", to.Text(), Printable(rule.given));
  return out;
}

/// What the guard looks at when it looks at `to` itself.
std::string GuardedName(const Destination& to) {
  if (IsLocalhost(to)) return fmt::format("'{}' is this host", to.HostText());
  if (IsMetadataLiteral(to)) return fmt::format("'{}' is a cloud metadata service", to.HostText());
  return fmt::format("'{}' is {}", to.HostText(), NonPublicRange(*to.address()));
}

}  // namespace

std::string_view ToWord(Protocol protocol) {
  constexpr std::array<std::string_view, 4> kWords = {"http", "connect", "socks5", "tcp"};
  return kWords[static_cast<std::size_t>(protocol)];
}

bool NetworkRules::Covers(const HostRule& rule, const Destination& to) const {
  if (!rule.allow) return DenyCovers(rule.pattern, to);
  if (managed_only_ && !rule.managed) return false;
  if (!AllowCovers(rule.pattern, to)) return false;
  if (rule.pattern.has_ports || default_ports_.empty()) return true;
  return std::ranges::any_of(default_ports_, [&to](const config::PortRange& ports) {
    return to.port >= ports.low && to.port <= ports.high;
  });
}

const HostRule* NetworkRules::FindDeny(const Destination& to) const {
  const auto at = std::ranges::find_if(
      rules_, [&](const HostRule& rule) { return !rule.allow && DenyCovers(rule.pattern, to); });
  return at == rules_.end() ? nullptr : &*at;
}

const HostRule* NetworkRules::FindDeny(const IpAddress& address) const {
  const auto at = std::ranges::find_if(rules_, [&](const HostRule& rule) {
    return !rule.allow && DenyCoversAddress(rule.pattern, address);
  });
  return at == rules_.end() ? nullptr : &*at;
}

const HostRule* NetworkRules::FindAllow(const Destination& to) const {
  const auto at = std::ranges::find_if(
      rules_, [&](const HostRule& rule) { return rule.allow && Covers(rule, to); });
  return at == rules_.end() ? nullptr : &*at;
}

const HostRule* NetworkRules::FindLiteral(const Destination& to) const {
  const auto is_literal = [](const HostPattern& pattern) {
    if (pattern.kind == PatternKind::kName) return !pattern.has_wildcards;
    return pattern.kind == PatternKind::kAddress && pattern.spelling != Spelling::kLoose;
  };
  const auto at = std::ranges::find_if(rules_, [&](const HostRule& rule) {
    return rule.allow && is_literal(rule.pattern) && Covers(rule, to);
  });
  return at == rules_.end() ? nullptr : &*at;
}

std::vector<const HostRule*> NetworkRules::Covering(const Destination& to) const {
  std::vector<const HostRule*> out;
  for (const bool allow : {false, true}) {
    for (const HostRule& rule : rules_) {
      if (rule.allow == allow && Covers(rule, to)) out.push_back(&rule);
    }
  }
  return out;
}

NetworkVerdict NetworkRules::NotAllowed(const Destination& to) const {
  NetworkVerdict out = Deny(Reason::kNotAllowed, fmt::format("no rule allows '{}'", to.Text()));
  Destination any_port = to;
  for (const HostRule& rule : rules_) {
    if (!rule.allow || Covers(rule, to)) continue;
    if (managed_only_ && !rule.managed && AllowCovers(rule.pattern, to)) {
      out.detail = fmt::format(
          "'{}' is not among the domains that the administrator's requirements allow; the "
          "profile's "
          "'{}' does not count",
          to.Text(), Printable(rule.given));
      break;
    }
    any_port.port = rule.pattern.ports.low;
    if (AllowCovers(rule.pattern, any_port) && (!managed_only_ || rule.managed)) {
      out.detail = fmt::format("'{}' allows other ports than {}", Printable(rule.given), to.port);
      break;
    }
  }
  if (managed_only_) {
    out.managed = true;
    out.from = managed_only_from_;
  } else {
    out.hint = AllowLine(to);
  }
  return out;
}

NetworkVerdict NetworkRules::NotAllowedLocal(const Destination& to, std::string detail) const {
  NetworkVerdict out = Deny(Reason::kNotAllowedLocal, std::move(detail));
  if (to.name() != nullptr && !IsLocalhost(to)) {
    if (guard_by_requirements_) {
      out.managed = true;
      out.from = guard_from_;
    } else {
      out.hint = "allow_local_binding = true";
    }
    return out;
  }
  // A local host is opened by its literal alone; another one of the same host is not enough.
  for (const HostRule& rule : rules_) {
    if (!rule.allow) continue;
    const bool other =
        rule.pattern.kind == PatternKind::kAddress
            ? IsLoopback(rule.pattern.range.base)
            : rule.pattern.kind == PatternKind::kName && rule.pattern.name == "localhost";
    const bool this_host = IsLocalhost(to) || (to.address() && IsLoopback(*to.address()));
    if (!other || !this_host) continue;
    out.detail += fmt::format("; '{}' = \"allow\" opens only that spelling{}",
                              Printable(rule.given), rule.pattern.has_ports ? " and port" : "");
    break;
  }
  if (managed_only_) {
    out.managed = true;
    out.from = managed_only_from_;
    return out;
  }
  Destination plain = to;
  plain.spelling = Spelling::kPlain;
  out.hint = AllowLine(plain);
  return out;
}

/// Whether the host is open on any port.
bool NetworkRules::Grants(const std::variant<HostName, IpAddress>& host) const {
  Destination to{host, Spelling::kPlain, 443};
  return std::ranges::any_of(rules_, [&](const HostRule& rule) {
    if (!rule.allow || (managed_only_ && !rule.managed)) return false;
    to.port = rule.pattern.ports.low;
    return AllowCovers(rule.pattern, to) && FindDeny(to) == nullptr;
  });
}

/// What has to be looked into and cannot be over this protocol.
std::optional<NetworkVerdict> NetworkRules::RefuseUninspected(const Destination& to,
                                                              Protocol protocol,
                                                              const HostRule& allow) const {
  if (http_.InterceptionFor(to) != Interception::kRequired) return std::nullopt;
  const bool opaque = protocol == Protocol::kSocks5 || protocol == Protocol::kTcp;
  const bool hooked = http_.IsHooked(to);
  if (opaque && to.port != 443) {
    return DenyBy(Reason::kMitmRequired, allow,
                  fmt::format("{} every request, which port {} over {} does not permit",
                              hooked ? fmt::format("the hooks of '{}' look into", to.HostText())
                                     : std::string("mode = \"limited\" looks into"),
                              to.port, ToWord(protocol)));
  }
  if (hooked && protocol == Protocol::kHttp) {
    return DenyBy(Reason::kMitmRequired, allow,
                  fmt::format("'{}' has hooks, which hold for requests over TLS alone; use https",
                              to.HostText()));
  }
  return std::nullopt;
}

std::optional<NetworkVerdict> NetworkRules::RefuseBesideHooks(
    const Destination& to, std::span<const IpAddress> dial,
    std::span<const HookedAddress> hooked) const {
  if (!http_.strict() || http_.IsHooked(to)) return std::nullopt;
  const auto at = std::ranges::find_if(hooked, [dial](const HookedAddress& one) {
    return std::ranges::find(dial, one.address) != dial.end();
  });
  if (at == hooked.end()) return std::nullopt;
  NetworkVerdict out =
      Deny(Reason::kMitmRequired,
           fmt::format("'{}' leads to {}, where hook '{}' holds under another name", to.HostText(),
                       at->address.Text(), Printable(at->hook->name)));
  out.rule = "mitm.hooks." + at->hook->name;
  out.from = at->hook->from;
  return out;
}

NetworkVerdict NetworkRules::Before(const Destination& to, Protocol protocol) const {
  if (!enabled_) {
    NetworkVerdict off =
        Deny(Reason::kProxyDisabled, switched_off_by_requirements_
                                         ? "the administrator's requirements switch the network off"
                                         : "the network is off in this profile");
    off.from = enabled_from_;
    off.managed = switched_off_by_requirements_;
    if (!off.managed) off.hint = "enabled = true";
    return off;
  }
  if (const HostRule* const deny = FindDeny(to)) {
    return DenyBy(Reason::kDenied, *deny,
                  fmt::format("'{}' is denied by '{}'", to.Text(), Printable(deny->given)));
  }
  const HostRule* allow = FindLiteral(to);
  const bool guarded = (!allow_local_ && IsLocalLiteral(to)) || IsMetadataLiteral(to);
  if (allow == nullptr && guarded) {
    return NotAllowedLocal(to, GuardedName(to) + ", which only its own exact entry opens");
  }
  if (allow == nullptr) allow = FindAllow(to);
  if (allow == nullptr) return NotAllowed(to);
  if (auto refused = RefuseUninspected(to, protocol, *allow)) return *std::move(refused);
  const bool needs_lookup = to.name() != nullptr && !IsLocalhost(to);
  return AllowBy(needs_lookup ? Outcome::kResolve : Outcome::kDial, *allow, to);
}

NetworkVerdict NetworkRules::After(const Destination& to, Protocol protocol,
                                   std::span<const IpAddress> resolved,
                                   std::span<const IpAddress> own_interfaces,
                                   std::vector<IpAddress>& dial) const {
  dial.clear();
  NetworkVerdict verdict = Before(to, protocol);
  if (!verdict.allowed()) return verdict;
  std::vector<IpAddress> candidates(resolved.begin(), resolved.end());
  if (to.address() != nullptr) candidates = {*to.address()};
  if (IsLocalhost(to)) candidates = {IpAddress::V4(0x7f000001), *ParseIp("::1")};
  if (candidates.empty()) {
    NetworkVerdict failed =
        Deny(Reason::kDnsFailed, fmt::format("no address could be found for '{}'", to.HostText()));
    failed.rule = verdict.rule;
    failed.from = verdict.from;
    if (allow_local_) failed.outcome = Outcome::kNoAddress;
    return failed;
  }
  const bool literal = FindLiteral(to) != nullptr && (to.address() != nullptr || IsLocalhost(to));
  for (const IpAddress& address : candidates) {
    if (literal) break;
    const bool own = std::ranges::find(own_interfaces, address) != own_interfaces.end();
    const std::string_view range = NonPublicRange(address);
    const bool guarded = !allow_local_ && (own || !range.empty());
    if (!guarded && !IsCloudMetadata(address)) continue;
    const std::string_view what = own                        ? "an address of this host"
                                  : IsCloudMetadata(address) ? "a cloud metadata service"
                                                             : range;
    if (to.address() != nullptr) {
      return NotAllowedLocal(to, fmt::format("'{}' is {}", to.HostText(), what));
    }
    return NotAllowedLocal(
        to, fmt::format("'{}' leads to {}, which is {}", to.HostText(), address.Text(), what));
  }
  const HostRule* closed_by = nullptr;
  for (const IpAddress& address : candidates) {
    if (std::ranges::find(dial, address) != dial.end()) continue;
    const HostRule* const deny = FindDeny(address);
    if (deny != nullptr) {
      closed_by = deny;
    } else {
      dial.push_back(address);
    }
  }
  if (dial.empty()) {
    return DenyBy(Reason::kPolicyDenied, *closed_by,
                  fmt::format("every address of '{}' is denied, by '{}'{}", to.HostText(),
                              Printable(closed_by->given), Place(closed_by->from)));
  }
  verdict.outcome = Outcome::kDial;
  return verdict;
}

}  // namespace ambit::policy
