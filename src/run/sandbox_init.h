#pragma once

#include <cstddef>

#include "os/channel.h"
#include "run/prepared.h"
#include "run/progress.h"

namespace ambit::run {

/// Messages on the channel between the supervisor and PID 1, one byte each. From the supervisor: a
/// signal number for the command. From PID 1: the values below.
inline constexpr unsigned char kMessageStarted = 1;
inline constexpr unsigned char kMessageStopped = 2;

/// A system call filter in the form the kernel takes.
struct Filter {
  const void* instructions = nullptr;
  std::size_t count = 0;
};

/// The life of the sandbox's PID 1: sets the sandbox up, starts the command, passes on signals,
/// reaps, and ends everybody when the command or the supervisor ends. Never returns. Makes only
/// system calls.
[[noreturn]] void RunSandboxInit(Prepared& prepared, const Filter& filter, Progress& progress,
                                 int channel);

}  // namespace ambit::run
