#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace ambit::policy {

/// One label with characters beyond ASCII as its A-label ("bücher" -> "xn--bcher-kva"), by UTS #46
/// in its non-transitional form with the checks of IDNA 2008. Errors: kInvalidConfig, what is wrong
/// with it.
Result<std::string> ToALabel(std::string_view label);

/// Whether an A-label ("xn--…", lower case) stands for anything: its Punycode decodes and encodes
/// to the same again.
bool IsALabel(std::string_view label);

}  // namespace ambit::policy
