#pragma once

#include <cstdint>
#include <string_view>

namespace ambit::policy {

/// Why a request is refused, or that it is not. The words are stable: clients and records use them.
enum class Reason : std::uint8_t {
  kAllowed,           ///< "allowed"
  kNotAllowed,        ///< "not_allowed": no allow rule covers it.
  kNotAllowedLocal,   ///< "not_allowed_local": the guard against local and private addresses.
  kDenied,            ///< "denied": a deny rule covers it.
  kDnsFailed,         ///< "dns_failed": the name has no address, or nobody answered.
  kPolicyDenied,      ///< "policy_denied": a deny rule covers an address the name leads to.
  kProxyDisabled,     ///< "proxy_disabled": the network is off in the profile or by requirements.
  kBadRequest,        ///< "bad_request": for callers, when ParseDestination refuses.
  kMethodNotAllowed,  ///< "method_not_allowed": what limited mode does not let through.
  kMitmRequired,      ///< "mitm_required": requests to the host have to be looked into, and this
                      ///< protocol does not permit it.
  kMitmHook,          ///< "mitm_hook_denied": no hook of the host permits the request.
};
std::string_view ToWord(Reason reason);

}  // namespace ambit::policy
