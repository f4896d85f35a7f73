#pragma once

#include "base/result.h"
#include "policy/policy.h"

namespace ambit::run {

/// Looks up on the disk what the policy's patterns match at this moment. In a policy with live
/// rules names decide whenever they are used, so that only the second half of the following is
/// done, and only for patterns without `**`, which are found without a walk. Fills
/// PatternRule::matches and adds a deny rule for what no name in the tree tells, so that Decide
/// knows it too: the place that a matching link leads to, what bears a matching name only through a
/// link to its directory, and a directory that cannot be looked into. One parallel walk per base;
/// nothing without patterns. Errors: a directory that cannot be read for another reason than
/// missing permission; a matching link to a directory that the command works in.
Result<> LookUpMatches(policy::Policy& policy);

}  // namespace ambit::run
