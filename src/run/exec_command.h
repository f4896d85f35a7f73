#pragma once

#include "run/prepared.h"

namespace ambit::run {

/// execvp(3) over prepared memory. Returns only on failure, with -errno: the best reason wins over
/// "not found". Only system calls.
int ExecCommand(Prepared& prepared);

/// The status a shell gives a command that could not be executed: 127 not found, else 126.
int StatusOfExecFailure(int exec_errno);

}  // namespace ambit::run
