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
  int proxy_pidfd = -1;  ///< -1: there is no proxy.
  int proxy_line = -1;
  int keeper_pidfd = -1;  ///< Whose descendant PID 1 is (Keepers); -1: it is our child.
  int keepers_line = -1;
  int holder_pidfd = -1;  ///< A child of ours that ends when the sandbox has its namespaces.
};

struct SupervisorEnd {
  /// The signal that ended the run before the command had started; 0 otherwise.
  int early_signal = 0;
  bool proxy_lost = false;  ///< The proxy ended first, and the sandbox was ended with it.
};

/// Who gets the messages that are not about the command's state.
struct Reports {
  std::function<void(const unsigned char*, std::size_t)> refused;
  std::function<void()> proven;
  std::function<void(const unsigned char*, std::size_t)> proxy;  ///< What its process writes.
};

/// Passes signals and stops between the caller's world and the command until PID 1 of the sandbox
/// has ended and has been reaped.
SupervisorEnd Supervise(const Watched& watched, const Reports& reports);

/// Tells the proxy that the run is over, hears what it still has to say, and reaps it; ends it when
/// that takes too long. Does nothing when there is none.
void EndProxy(const Watched& watched, const Reports& reports);

}  // namespace ambit::run
