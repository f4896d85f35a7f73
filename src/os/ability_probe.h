#pragma once

#include "base/host_abilities.h"

namespace ambit::os {

/// Tries every ability but kBubblewrap (which is left kNotTried) in a process of its own, with the
/// calls that a start makes; one that takes longer than `timeout_ms` is ended and counts as
/// missing. Call it from a process with one thread. Leaves nothing behind but, of what had to be
/// ended, orphans that still die: children of who adopts them (AdoptOrphans).
HostAbilities ProbeAbilities(int timeout_ms);

}  // namespace ambit::os
