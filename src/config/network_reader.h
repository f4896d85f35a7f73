#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "config/config.h"
#include "config/node.h"
#include "config/profile.h"
#include "config/table_reader.h"

namespace ambit::config {

/// Reads `[permissions.<name>.network]`: types and words of every key.
Result<NetworkTable> ReadNetwork(const TableReader& table);

/// Trimmed, ASCII lower case, without trailing dots but that of "*." and "**.".
std::string NormaliseDomain(std::string_view pattern);

/// Rewrites the keys of a `domains` table with NormaliseDomain; of two spellings `deny` wins, and
/// `notices` gets both places.
void NormaliseDomains(Node& domains, std::vector<Notice>& notices);

/// Reads a table of pattern -> "allow" or "deny" with normalised keys.
Result<std::map<std::string, Placed<bool>>> ReadDomains(const TableReader& table);

/// Refuses what is not an absolute path without NUL bytes as the name of a socket.
Result<> CheckSocketPath(std::string_view path, const std::string& name, const SourceRef& from);

}  // namespace ambit::config
