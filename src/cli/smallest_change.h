#pragma once

#include <string>
#include <string_view>

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

/// `lines` as something to add to the selected profile, or to a new one when it is fixed.
Change Addition(const config::Selected& selected, std::string lines);

/// The answer where a requirement, written at `from`, stands in the way.
Change ManagedForbids(const SourceRef& from);

/// "[permissions.NAME.TABLE]\n" of the profile that lines are to be added to.
std::string ProfileTable(const config::Selected& selected, std::string_view table);

/// Every line of `text` with `indent` in front.
std::string Indented(std::string_view text, std::string_view indent);

/// "GIVEN" = "deny" as it stands in a profile, or the words for a rule that nobody wrote.
std::string RuleText(const policy::PathRule& rule);

}  // namespace ambit::cli
