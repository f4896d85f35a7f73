#pragma once

#include "base/result.h"
#include "config/profile.h"
#include "config/table_reader.h"

namespace ambit::config {

/// Reads `[permissions.<name>.network.mitm]`: keys, types and words. What a hook or an action must
/// have is left to those who use the profile, for parents may have said it.
Result<MitmTable> ReadMitm(const TableReader& table);

}  // namespace ambit::config
