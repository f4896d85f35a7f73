#pragma once

#include <functional>

#include "base/result.h"
#include "os/unique_fd.h"

namespace ambit::run {

/// Two processes between the supervisor and a program that starts others (bwrap), because a process
/// that such a program has made and not yet bound to itself would outlive it. Each of the two
/// adopts whoever loses its parent below it, and ends all below it as soon as the supervisor, the
/// other one or the program is gone.
struct Keepers {
  os::UniqueFd outer;  ///< A pidfd of the upper one, which is our child.
  os::UniqueFd line;   ///< They end when this is closed, and both hold its other end.
};

/// Starts them and, below them, `program`, which is told the number of its parent and does not
/// return. The caller must have one thread. Errors: no more processes or descriptors.
Result<Keepers> StartKept(const std::function<void(int parent)>& program);

/// Has them end all that is left, and waits until they have. Does nothing when there are none.
void EndKept(int outer, int line);

}  // namespace ambit::run
