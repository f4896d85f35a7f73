#pragma once

#include "config/node.h"

namespace ambit::config {

/// Lays `higher` over `lower`: tables merge key by key, recursively, keys compared as written;
/// anything else replaces what was below it, a table included. Every value keeps its place.
/// Linear in the members of both.
Node MergeOver(Node lower, Node higher);

}  // namespace ambit::config
