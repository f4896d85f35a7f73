#pragma once

#include "base/host_facts.h"
#include "base/result.h"

namespace ambit::os {

/// Fills HostFacts from the running kernel: uid, gid, Landlock ABI, mounts. A few dozen
/// microseconds; nothing is cached.
Result<HostFacts> ProbeHost();

}  // namespace ambit::os
