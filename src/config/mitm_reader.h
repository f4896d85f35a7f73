#pragma once

#include "base/result.h"
#include "config/table_reader.h"

namespace ambit::config {

/// Checks the keys and types of `[permissions.<name>.network.mitm]` and keeps nothing.
Result<> CheckMitm(const TableReader& table);

}  // namespace ambit::config
