#pragma once

#include <vector>

#include "base/result.h"
#include "config/config.h"
#include "config/node.h"
#include "config/requirements.h"
#include "config/select.h"

namespace ambit::config {

/// How much a profile lets a command write, for `allowed_sandbox_modes`.
enum class ModeClass : std::uint8_t { kReadOnly, kWorkspaceWrite, kFullAccess };

/// Full access is also whatever may write outside workspace roots and temp directories: one
/// narrowing entry must not turn whole-disk write into something harmless. Entries are judged as
/// written, so a `write` by absolute path is outside even where it happens to lie inside.
ModeClass ClassOf(const Profile& profile);

/// Whole-disk write that nothing narrows, or no sandbox at all.
bool IsFullAccess(const Profile& profile);

/// Applies what the requirements say about the content of a profile: forbidden keys, modes, and no
/// full access beside managed denies. May take the write access away, with a notice; never gives
/// any. `merged` is the profile's table with its parents.
Result<> Bind(const Requirements& requirements, const Choice& choice, const Node& merged,
              Profile& profile, std::vector<Notice>& notices);

}  // namespace ambit::config
