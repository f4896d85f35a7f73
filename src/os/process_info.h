#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"

namespace ambit::os {

/// Our own environment as NAME=value, in its order.
std::vector<std::string> Environment();

/// The canonical directory we were started in. Errors: it was removed, or cannot be reached from
/// the root (getcwd(3)).
Result<std::string> CurrentDirectory();

/// chdir(2).
Result<> ChangeDirectory(const std::string& path);

/// The real user id.
std::uint32_t UserId();

/// The node name of uname(2); may or may not be fully qualified.
std::string HostName();

/// The release of the running kernel as uname(2) tells it: "6.1.0-18-amd64".
std::string KernelRelease();

/// Makes sure that descriptors 0, 1 and 2 are open (on /dev/null where the caller closed them, so
/// that nothing opened later is taken for standard output) and refuses one that is a directory:
/// through it a command could reach files outside its view. Call it before anything opens a file.
Result<> SecureStandardStreams();

/// Whether people look at what is written to `fd`.
bool IsTerminal(int fd);

/// `bytes` random bytes as hexadecimal digits. Errors: the kernel has no getrandom(2).
Result<std::string> RandomHex(std::size_t bytes);

/// Refuses a descriptor that is not open, or that is a directory.
Result<> CheckPassedDescriptor(int fd);

}  // namespace ambit::os
