#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "config/config.h"
#include "config/node.h"
#include "config/profile.h"

namespace ambit::config {

/// Reads the table `[permissions.<name>]`. Checks every key and type; leaves the form of paths and
/// the existence of parents to those who use the profile. Errors: kInvalidConfig with the place.
Result<Profile> ReadProfile(const std::string& name, const Node& table, const SourceRef& from);

/// Reads a whole `permissions` table and forgets it again: for layers whose profiles may never be
/// used but must be right all the same. Refuses names that begin with ':'.
Result<> CheckProfiles(const Node& permissions);

/// Rewrites the keys of every `network.domains` table below `permissions`, so that patterns that
/// are the same are compared as the same: trimmed, lower case, no trailing dot. Of two spellings
/// in one table `deny` wins, and `notices` gets both places.
void NormaliseProfiles(Node& permissions, std::vector<Notice>& notices);

}  // namespace ambit::config
