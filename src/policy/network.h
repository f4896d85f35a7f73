#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/ip_address.h"
#include "base/result.h"
#include "config/config.h"
#include "policy/destination.h"
#include "policy/host_pattern.h"
#include "policy/http_rules.h"
#include "policy/reason.h"

namespace ambit::policy {

/// How a client asks.
enum class Protocol : std::uint8_t { kHttp, kConnect, kSocks5, kTcp };

/// "http", "connect", "socks5", "tcp".
std::string_view ToWord(Protocol protocol);

/// One entry of a `domains` table.
struct HostRule {
  HostPattern pattern;
  std::string given;  ///< As written.
  bool allow = false;
  bool managed = false;  ///< From the requirements.
  SourceRef from;
};

/// A decision together with what decided.
struct NetworkVerdict {
  enum class Outcome : std::uint8_t {
    kDeny,
    kResolve,    ///< Allowed so far; look the name up and call After.
    kDial,       ///< Allowed. Before says it when nothing needs looking up; call After nonetheless.
    kNoAddress,  ///< Allowed by every rule, but the name leads nowhere: answer as for a failed
                 ///< dial.
  };
  Outcome outcome = Outcome::kDeny;
  Reason reason = Reason::kNotAllowed;
  std::string rule{};    ///< The pattern that decided, as written; empty when no rule did.
  SourceRef from{};      ///< Its place; also that of a switch that decided.
  bool managed = false;  ///< A requirement decided; the user cannot change that.
  std::string detail{};  ///< One sentence for people.
  std::string hint{};    ///< The TOML line for the `domains` table that would allow it, or empty.

  [[nodiscard]] bool allowed() const { return outcome != Outcome::kDeny; }
};

/// The network rules of one profile under the requirements. The proxy and `explain` decide by this
/// alone. Pure; cheap to ask from one thread at a time or many.
class NetworkRules {
 public:
  NetworkRules() = default;  ///< Network off.

  /// Checks every pattern; `notices` gets what is odd without being wrong. Errors: the first
  /// pattern or switch at fault, with its place.
  static Result<NetworkRules> Make(const config::NetworkTable& table,
                                   const std::optional<config::ManagedNetwork>& managed,
                                   std::vector<config::Notice>& notices);

  [[nodiscard]] bool enabled() const { return enabled_; }
  /// False: local and private addresses are refused but for exact literals.
  [[nodiscard]] bool allows_local() const { return allow_local_; }
  [[nodiscard]] bool limited() const { return http_.limited(); }
  /// What is decided about single requests.
  [[nodiscard]] const HttpRules& http() const { return http_; }
  [[nodiscard]] const std::vector<HostRule>& rules() const { return rules_; }

  /// The decision before any look-up. kResolve only for names that may be looked up; `localhost`
  /// and what is below it never is.
  [[nodiscard]] NetworkVerdict Before(const Destination& to, Protocol protocol) const;

  /// The decision about the addresses. `resolved` is the resolver's whole answer for a name (empty:
  /// it failed), and is ignored for addresses and localhost names. `own_interfaces` are the
  /// addresses of this host. On kDial, `dial` holds exactly the addresses to try, in order;
  /// otherwise it is empty. Decides Before() again, so it never widens that.
  [[nodiscard]] NetworkVerdict After(const Destination& to, Protocol protocol,
                                     std::span<const IpAddress> resolved,
                                     std::span<const IpAddress> own_interfaces,
                                     std::vector<IpAddress>& dial) const;

  /// R10.3 under strict_hooks: nothing, or why `to` may not be reached although the rules for hosts
  /// allow it. `hooked` are the addresses that the hooked names lead to now.
  struct HookedAddress {
    const HttpHook* hook = nullptr;
    IpAddress address;
  };
  [[nodiscard]] std::optional<NetworkVerdict> RefuseBesideHooks(
      const Destination& to, std::span<const IpAddress> dial,
      std::span<const HookedAddress> hooked) const;

  /// Every rule that covers the host and port, deny rules first, then in the order of their places:
  /// for explanations.
  [[nodiscard]] std::vector<const HostRule*> Covering(const Destination& to) const;

 private:
  [[nodiscard]] const HostRule* FindDeny(const Destination& to) const;
  [[nodiscard]] const HostRule* FindDeny(const IpAddress& address) const;
  [[nodiscard]] const HostRule* FindAllow(const Destination& to) const;
  [[nodiscard]] const HostRule* FindLiteral(const Destination& to) const;
  [[nodiscard]] bool Covers(const HostRule& rule, const Destination& to) const;
  [[nodiscard]] bool Grants(const std::variant<HostName, IpAddress>& host) const;
  [[nodiscard]] std::optional<NetworkVerdict> RefuseUninspected(const Destination& to,
                                                                Protocol protocol,
                                                                const HostRule& allow) const;
  [[nodiscard]] NetworkVerdict NotAllowed(const Destination& to) const;
  [[nodiscard]] NetworkVerdict NotAllowedLocal(const Destination& to, std::string detail) const;

  bool enabled_ = false;
  bool allow_local_ = false;
  bool managed_only_ = false;  ///< Allow rules of the profile do not count.
  SourceRef enabled_from_, managed_only_from_, guard_from_;
  bool switched_off_by_requirements_ = false;
  bool guard_by_requirements_ = false;
  std::vector<config::PortRange> default_ports_;  ///< Empty: all.
  std::vector<HostRule> rules_;
  HttpRules http_;
};

}  // namespace ambit::policy
