#pragma once

#include <vector>

#include "config/node.h"

namespace ambit::config {

/// Lays `higher` over `lower`: tables merge key by key, recursively, keys compared as written;
/// anything else replaces what was below it, a table included. Every value keeps its place.
/// Linear in the members of both.
Node MergeOver(Node lower, Node higher);

/// The same for many tables, the lowest first: each is merged over what those before it give. Costs
/// as much as there are members, however many tables they come in.
Node MergeAll(std::vector<Node> tables);

}  // namespace ambit::config
