#pragma once

#include "os/process_calls.h"

namespace ambit::run {

/// What the supervisor watches.
struct Watched {
  int init_pidfd = -1;
  int channel = -1;
  int signal_fd = -1;
  /// The command shares our terminal's foreground group, so that keys reach it without us.
  bool shares_terminal = false;
};

struct SupervisorEnd {
  /// The signal that ended the run before the command had started; 0 otherwise.
  int early_signal = 0;
};

/// Passes signals and stops between the caller's world and the command until PID 1 of the sandbox
/// has ended and has been reaped.
SupervisorEnd Supervise(const Watched& watched);

}  // namespace ambit::run
