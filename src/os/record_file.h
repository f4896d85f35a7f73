#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/result.h"

/// A file of lines that many processes of one user add to at once, and that does not grow forever.
namespace ambit::os {

/// Makes the directory `path` and those above it that are missing, with mode 0700. Refuses when the
/// deepest one that exists belongs to somebody else: what we make there, its owner could not use.
Result<> MakeOwnDirectories(const std::string& path);

/// Adds `lines`, without line breaks of their own, to the end of the file at `path`, one write(2)
/// for each. The file is made with mode 0600, its directories as by MakeOwnDirectories. When it is
/// larger than `most` bytes then, only the newest half of that is kept. A link, what is no regular
/// file and what belongs to somebody else are refused. Waits for other writers a second at most.
Result<> AppendLines(const std::string& path, const std::vector<std::string>& lines,
                     std::size_t most);

/// What the file holds: its last `most` bytes. kNotFound when there is none.
Result<std::string> ReadLines(const std::string& path, std::size_t most);

}  // namespace ambit::os
