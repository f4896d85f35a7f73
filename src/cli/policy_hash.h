#pragma once

#include <string>

#include "policy/policy.h"

namespace ambit::cli {

/// What the policy says, one line a rule, the same for the same rules: without the places they were
/// written at and without what merely happens to lie on the disk. The files of --events
/// and --attest are left out, since their names may differ from run to run.
std::string CanonicalText(const policy::Policy& policy);

/// The SHA-256 of that text, as hexadecimal digits.
std::string PolicyHash(const policy::Policy& policy);

}  // namespace ambit::cli
