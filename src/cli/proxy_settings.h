#pragma once

#include <memory>
#include <string_view>

#include "base/result.h"
#include "cli/load.h"
#include "cli/trust_bundle.h"
#include "policy/network.h"
#include "proxy/service.h"
#include "proxy/tls.h"

namespace ambit::cli {

/// What a proxy for `loaded` decides by: the profile's rules under the requirements, and the parent
/// proxy that the profile or, where it permits that, our own environment names. Points into
/// `loaded`. Errors: the profile asks for what there is no proxy for.
Result<proxy::Settings> ProxySettings(const Loaded& loaded, const Surroundings& around);

/// Whether the rules may want to see the requests in TLS.
bool MayLookInside(const Loaded& loaded);
/// Whom the proxy believes to be an origin or a parent: the host's authorities and those that our
/// own environment names. Empty where it speaks TLS with neither.
TrustBundle UpstreamRoots(const Loaded& loaded, const proxy::Settings& settings,
                          const Surroundings& around);
/// For Settings::parent_tls; null where no parent wants it.
Result<std::unique_ptr<proxy::Tls>> MakeParentTls(const proxy::Settings& settings,
                                                  const TrustBundle& roots);

/// "http://[USER[:PASSWORD]@]HOST[:PORT]", or the same with "https"; nothing else can be a parent
/// proxy.
Result<proxy::ParentProxy> ParseParentProxy(std::string_view url);

}  // namespace ambit::cli
