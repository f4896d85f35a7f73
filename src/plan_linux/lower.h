#pragma once

#include "base/host_facts.h"
#include "base/result.h"
#include "plan/op.h"
#include "policy/policy.h"

namespace ambit::plan_linux {

/// Turns a policy into the list of operations that enforces it on this host, and checks that list
/// against every denied and read-only rule of the policy. Errors: kUnsupported with the line of the
/// rule that cannot be enforced, and the way out. Pure.
Result<plan::Plan> Lower(const policy::Policy& policy, const HostFacts& host);

}  // namespace ambit::plan_linux
