#pragma once

#include <optional>
#include <string>

#include "config/config.h"

namespace ambit::cli {

/// Every key of a profile's network table, and of the requirements', that the policy's hash covers:
/// one line each, in an order of their own. Of the secrets of credentials and hooks it has where
/// they are, never what they are.
void AddNetworkText(const config::NetworkTable& table,
                    const std::optional<config::ManagedNetwork>& managed, std::string& out);

}  // namespace ambit::cli
