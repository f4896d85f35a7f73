#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "plan/op.h"

namespace ambit::run {

/// The canonical places that the plan's HideMatches operations close at this moment: every match,
/// what a matching link leads to, and directories that cannot be looked into. Sorted, no
/// duplicates, nothing below another entry.
Result<std::vector<std::string>> FindPlacesToHide(const plan::Plan& plan);

}  // namespace ambit::run
