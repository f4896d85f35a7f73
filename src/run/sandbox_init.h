#pragma once

#include <cstddef>

#include "os/channel.h"
#include "policy/policy.h"
#include "run/prepared.h"
#include "run/progress.h"

namespace ambit::run {

/// Messages on the channel between the supervisor and PID 1, one byte each. From the supervisor: a
/// signal number for the command. To it: the values below.
inline constexpr unsigned char kMessageStarted = 1;  ///< From the command's process, before exec.
inline constexpr unsigned char kMessageStopped = 2;
inline constexpr unsigned char kMessageRefused = 3;  ///< A RefusalMessage, from the broker.
inline constexpr unsigned char kMessageProven = 4;   ///< From the command's process.

/// A system call filter in the form the kernel takes.
struct Filter {
  const void* instructions = nullptr;
  std::size_t count = 0;
};
struct Filters {
  Filter command;
  Filter broker;
};

/// What PID 1 is connected with.
struct InitPipes {
  int supervisor = -1;
  /// The two ends of the way that the listener takes from the command's process to PID 1.
  int listener_in = -1;
  int listener_out = -1;
  /// Where the command's process waits for leave to start the command; -1: it does not ask.
  int leave = -1;
  /// Where the proxy takes the sockets that are made for it; -1: there is none.
  int doors = -1;
  /// Where the broker tells the proxy of the connections that it leads there.
  int captured = -1;
};

/// The life of the sandbox's PID 1: sets the sandbox up, starts the command, passes on signals,
/// answers the calls that need a decision, reaps, and ends everybody when the command or the
/// supervisor ends. Never returns. Makes only system calls.
[[noreturn]] void RunSandboxInit(Prepared& prepared, const policy::Policy& policy,
                                 const Filters& filters, Progress& progress,
                                 const InitPipes& pipes);

}  // namespace ambit::run
