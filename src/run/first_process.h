#pragma once

#include <string_view>

namespace ambit::run {

/// The first argument of this program where it is the first process of a sandbox that bwrap made.
/// The second is the number of a descriptor with a FirstState. Nobody else has any use for it.
inline constexpr std::string_view kFirstProcessWord = "--first-process";

/// Checks that the namespaces and the view are what the supervisor asked for, and goes on as
/// RunSandboxInit. Returns, with an exit status, only where nothing was handed over.
int RunFirstProcess(const char* descriptor);

}  // namespace ambit::run
