#pragma once

#include <cstddef>

#include "run/prepared.h"
#include "run/progress.h"

namespace ambit::run {

/// Builds the sandbox around the calling process, which is PID 1 of its new namespaces: identity,
/// mounts, Landlock, privileges. On a shared host there are only the last two. Makes only system
/// calls, on `prepared`, whose only changing part are the descriptors in `capture_fds`. False:
/// `progress` says which step failed. `doors`: see InitPipes.
bool SetUpSandbox(Prepared& prepared, Progress& progress, int doors);

/// Notes the end of `step`, or its failure when `result` is negative. Returns whether it succeeded.
bool Report(Progress& progress, Step step, int result, std::size_t object = kNoObject);

}  // namespace ambit::run
