#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "config/node.h"
#include "config/requirements.h"

namespace ambit::config {

/// Reads one requirements text without asking whether its parts agree: see CheckConsistent.
Result<Requirements> ReadRequirementKeys(Node root, const std::string& host_name,
                                         std::vector<Notice>& notices);

/// Reads one requirements text. `remote_sandbox_config` is evaluated for `host_name` here. Errors:
/// kInvalidConfig for wrong types and words, unknown keys, and rules that contradict each other.
Result<Requirements> ReadRequirements(Node root, const std::string& host_name,
                                      std::vector<Notice>& notices);

/// What holds for each source and for all of them together: a required default is there when it
/// must be, and allowed by the list.
Result<> CheckConsistent(const Requirements& requirements);

}  // namespace ambit::config
