#pragma once

#include <string>

namespace ambit::cli {

/// Starts a sandbox of the engine 'bubblewrap' that runs nothing, and proves it. `live`: one with
/// rules that hold while a command runs. Empty when that works, else why it does not, in words for
/// people. What takes longer than `timeout_ms` is ended. Call it from a process with one thread.
std::string TryBubblewrap(bool live, int timeout_ms);

}  // namespace ambit::cli
