#pragma once

#include "base/result.h"
#include "policy/draft.h"

namespace ambit::policy {

/// Fills draft.roots and policy.cwd: the directory the command starts in, the profile's roots that
/// are switched on and exist, the directories of --add-dir; each place once.
/// Errors: a start directory or --add-dir that is no directory; a `:name` or nothing as a root;
/// and, where roots are writable, "/" or a place inside protected metadata as a root.
Result<> FindWorkspaceRoots(Draft& draft);

}  // namespace ambit::policy
