#pragma once

#include <cstdint>

/// Landlock (landlock(7)). As in mount_calls.h: nothing allocates, usable between fork and exec,
/// >= 0 or -errno.
namespace ambit::os {

/// The ABI version of this kernel; 0 when there is no Landlock or it is switched off.
int LandlockAbi();

/// What a ruleset forbids wherever no rule of it allows it. From ABI 6 on every ruleset keeps
/// signals and abstract sockets inside, too.
struct LandlockHandled {
  bool changes = false;  ///< Every way to change files that the ABI knows.
  bool reads = false;    ///< Opening files for reading, which starting a program needs too.
  bool listing = false;  ///< Opening directories.
  bool tcp = false;      ///< connect(2) and bind(2) of TCP sockets, from ABI 4 on.
};
int NewLandlockRuleset(int abi, const LandlockHandled& handled);

/// Lets files at and below the directory `place` be changed.
int AllowChangesBelow(int ruleset, int abi, int place);
/// Lets existing files at `place` (a file, or a directory with all below it) be written, and
/// nothing be made or removed.
int AllowWritesTo(int ruleset, int abi, int place);

/// Lets files at `place` be read, and with `listing` directories be listed; both must be handled.
int AllowReadsAt(int ruleset, int place, bool listing);

int RestrictSelf(int ruleset);

}  // namespace ambit::os
