#pragma once

#include <cstdint>

/// Landlock (landlock(7)). As in mount_calls.h: nothing allocates, usable between fork and exec,
/// >= 0 or -errno.
namespace ambit::os {

/// The ABI version of this kernel; 0 when there is no Landlock or it is switched off.
int LandlockAbi();

/// A ruleset that governs every way to change files known to `abi` (`changes`), and, from ABI 6 on,
/// keeps signals and abstract sockets inside.
int NewLandlockRuleset(int abi, bool changes);

/// Lets files at and below the directory `place` be changed.
int AllowChangesBelow(int ruleset, int abi, int place);
/// Lets existing files at `place` (a file, or a directory with all below it) be written, and
/// nothing be made or removed.
int AllowWritesTo(int ruleset, int abi, int place);

int RestrictSelf(int ruleset);

}  // namespace ambit::os
