#pragma once

#include <vector>

#include "base/result.h"
#include "config/config.h"
#include "config/node.h"

namespace ambit::config {

/// Checks the types and words of everything in a configuration layer that is ours, profiles that
/// nobody selects included, and normalises what is compared in another form than it is written in.
/// Top-level keys of others are left alone; one that looks like ours misspelt gets a notice.
Result<> CheckLayer(Node& root, std::vector<Notice>& notices);

}  // namespace ambit::config
