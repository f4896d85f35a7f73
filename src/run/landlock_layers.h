#pragma once

#include "run/prepared.h"

/// The Landlock layers of a sandbox (landlock(7)). Only system calls; >= 0 or -errno.
namespace ambit::run {

/// The layer under everybody inside: files can be changed only where the policy lets them be
/// changed somehow. On a shared host it also says what can be read. Nothing where there is no
/// Landlock, and nothing on files where the mounts alone tell them apart.
int RestrictToPolicy(const Prepared& prepared);

/// A further layer for the command: closes to it, natively, every change that the broker carries
/// out for it.
int RaiseFence(const Prepared& prepared);

}  // namespace ambit::run
