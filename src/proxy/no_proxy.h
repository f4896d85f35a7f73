#pragma once

#include <span>
#include <string>

#include "policy/destination.h"

namespace ambit::proxy {

/// Whether one of the entries of `no_proxy` covers the destination: "*", a name and everything
/// below it (a leading dot or "*." changes nothing), an address, a range; each may end with
/// ":port".
bool GoesDirect(std::span<const std::string> entries, const policy::Destination& to);

}  // namespace ambit::proxy
