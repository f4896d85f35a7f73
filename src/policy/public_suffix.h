#pragma once

#include <string>

namespace ambit::policy {

/// Whether different owners register names directly below `name` (A-labels, lower case), by the
/// Public Suffix List that is built into libpsl: "com", "co.uk", "s3.amazonaws.com". Top-level
/// names that the list does not know ("internal") are none.
bool IsPublicSuffix(const std::string& name);

}  // namespace ambit::policy
