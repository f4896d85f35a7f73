#pragma once

#include <optional>

#include "base/result.h"
#include "config/config.h"
#include "config/table_reader.h"

namespace ambit::config {

/// Reads the managed network table of a requirements text under any one of its three names:
/// `permissions.network`, `network_proxy`, `experimental_network`. Two names at once are refused,
/// and so are a table of rules next to the older lists that say the same.
Result<std::optional<ManagedNetwork>> ReadManagedNetwork(const TableReader& requirements);

/// Lays `higher` over `lower`, key by key.
ManagedNetwork MergeNetworks(ManagedNetwork lower, const ManagedNetwork& higher);

/// Adds what `extra` forbids to `base`. Errors: kDenied where `extra` would permit more.
Result<ManagedNetwork> NarrowNetwork(ManagedNetwork base, const ManagedNetwork& extra);

}  // namespace ambit::config
