#pragma once

#include <string>

#include "audit/event.h"
#include "base/file_view.h"
#include "cli/load.h"
#include "run/run.h"

namespace ambit::cli {

/// FILE:LINE of the rule that refused; FILE where there is no line, "" where there is no rule.
std::string RulePlace(const Loaded& loaded, const run::Refusal& refusal);

/// All that can be told about a refusal: the rule in words, and the smallest change that would
/// allow it, as `explain` says them. Looks at the disk for what is there.
audit::Denial Describe(const Loaded& loaded, const run::Refusal& refusal, const FileView& files);

}  // namespace ambit::cli
