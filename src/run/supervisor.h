#pragma once

#include <cstddef>
#include <functional>

#include "os/process_calls.h"

namespace ambit::run {

/// What the supervisor watches.
struct Watched {
  int init_pidfd = -1;
  int channel = -1;
  int signal_fd = -1;
  /// The command shares our terminal's foreground group, so that keys reach it without us.
  bool shares_terminal = false;
  /// There will be no command to leave standard input and output to.
  bool keeps_streams = false;
};

struct SupervisorEnd {
  /// The signal that ended the run before the command had started; 0 otherwise.
  int early_signal = 0;
};

/// Who gets the messages that are not about the command's state.
struct Reports {
  std::function<void(const unsigned char*, std::size_t)> refused;
  std::function<void()> proven;
};

/// Passes signals and stops between the caller's world and the command until PID 1 of the sandbox
/// has ended and has been reaped.
SupervisorEnd Supervise(const Watched& watched, const Reports& reports);

}  // namespace ambit::run
