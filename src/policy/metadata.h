#pragma once

#include <string_view>

#include "base/result.h"
#include "policy/draft.h"

namespace ambit::policy {

/// Whether `name` is protected directly inside every writable root.
bool IsProtectedName(std::string_view name);

/// Makes the protected names of every writable root read-only, missing ones too, and what git is
/// led to from there: the target of a `.git` file, the common directory of a worktree, the `.git`
/// files of submodules, the members of a workspace root that is a bare repository. An entry on such
/// a path is left to decide.
/// With a writable "/" only the names directly in "/" are protected (profiles.md 7).
/// Needs the rules of draft.policy indexed; what it adds is behind them, as Policy::Append does it.
/// Errors: a protected name that is a link and could be replaced.
Result<> ProtectMetadata(Draft& draft);

}  // namespace ambit::policy
