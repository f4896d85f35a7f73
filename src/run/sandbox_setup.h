#pragma once

#include <cstddef>

#include "run/prepared.h"
#include "run/progress.h"

namespace ambit::run {

/// Builds the sandbox around the calling process, which is PID 1 of its new namespaces: identity,
/// mounts, Landlock, privileges. Makes only system calls, on `prepared`, whose
/// only changing part are the descriptors in `capture_fds`. False: `progress` says
/// which step failed.
bool SetUpSandbox(Prepared& prepared, Progress& progress);

/// Closes to the calling process, natively, every change that the broker carries out for it. >= 0
/// or -errno.
int RaiseFence(const Prepared& prepared);

/// Notes the end of `step`, or its failure when `result` is negative. Returns whether it succeeded.
bool Report(Progress& progress, Step step, int result, std::size_t object = kNoObject);

}  // namespace ambit::run
