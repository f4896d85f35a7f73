#pragma once

namespace ambit::os {

/// The children of a single-threaded process (proc_tid_children(5)).
inline constexpr char kListOfChildren[] = "/proc/thread-self/children";

/// Ends and reaps all children of this single-threaded process; where it adopts orphans
/// (AdoptOrphans) that is all below it. On kernels without `list` all of /proc is searched for
/// them. Allocates nothing. -errno when that cannot be done: there is no /proc, or they may not be
/// signalled. -ETIMEDOUT when some, which hang in the kernel, have not ended after `timeout_ms`
/// (-1: as long as it takes).
int EndChildren(const char* list = kListOfChildren, int timeout_ms = -1);

}  // namespace ambit::os
