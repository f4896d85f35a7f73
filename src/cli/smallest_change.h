#pragma once

#include <string>

#include "base/file_view.h"
#include "config/config.h"
#include "policy/policy.h"

namespace ambit::cli {

/// What would turn a decision round.
struct Change {
  bool possible = true;  ///< False: nothing the user writes can.
  bool managed = false;  ///< A requirement of the administrator forbids it.
  std::string text;      ///< One line for people.
  std::string toml{};    ///< Lines to add to a configuration file; "" when a line has to change.
};

/// The smallest change of the configuration that turns round what `decision` says about writing
/// (or reading) `path`. `decision` must come from `policy` and be about `path`. Pure.
Change SmallestChange(const config::Selected& selected, const policy::Policy& policy,
                      const policy::Decision& decision, const RealPath& path, bool write);

/// "GIVEN" = "deny" as it stands in a profile, or the words for a rule that nobody wrote.
std::string RuleText(const policy::PathRule& rule);

}  // namespace ambit::cli
