#pragma once

#include <string>

#include "cli/load.h"

namespace ambit::cli {

/// What the policy says, one line a rule, the same for the same rules: without the places they were
/// written at and without what merely happens to lie on the disk. The files of --events
/// and --attest are left out, since their names may differ from run to run. For the eyes of the
/// hash alone: it has what the profile spells out, such as the password of a parent proxy.
std::string CanonicalText(const Loaded& loaded);

/// The SHA-256 of that text, as hexadecimal digits.
std::string PolicyHash(const Loaded& loaded);

}  // namespace ambit::cli
