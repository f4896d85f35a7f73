#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "config/profile.h"
#include "config/table_reader.h"

namespace ambit::config {

/// The `allowed_sandbox_modes` of a requirements text for this host: that of the first entry of
/// `remote_sandbox_config` that fits `host_name`, else the top-level one, else nothing.
Result<std::optional<Placed<std::vector<std::string>>>> ReadAllowedModes(
    const TableReader& requirements, const std::string& host_name);

/// Whether `name` fits `pattern`: `*` any run, `?` one character; case and one trailing dot do
/// not matter.
bool HostFits(std::string_view pattern, std::string_view name);

}  // namespace ambit::config
