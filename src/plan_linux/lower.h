#pragma once

#include <cstdint>

#include "base/host_facts.h"
#include "base/result.h"
#include "plan/op.h"
#include "policy/policy.h"

namespace ambit::plan_linux {

/// What a sandbox can be made of.
enum class Means : std::uint8_t {
  kMounts,        ///< Namespaces, in which masks and private mounts hide and protect.
  kCoarseMounts,  ///< Namespaces with few mounts and no pins; the rest is calls decided one by one.
  kNoMounts,      ///< Only layers of Landlock, and calls decided one by one.
};

/// Turns a policy into the list of operations that enforces it on this host, and checks that list
/// against every denied and read-only rule of the policy. Errors: kUnsupported with the line of the
/// rule that cannot be enforced, and the way out. Pure.
Result<plan::Plan> Lower(const policy::Policy& policy, const HostFacts& host,
                         Means means = Means::kMounts);

}  // namespace ambit::plan_linux
