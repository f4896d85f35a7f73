#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace ambit::os {

/// Makes the file at `path` hold `content`, readable and writable by its owner alone (0600), in one
/// step: whoever reads it sees the old content or the new, also after a crash. Missing directories
/// on the way are made with mode 0700. A link at `path` is replaced, not followed. Errors: kSystem
/// and what else the calls report; the file is then as it was.
Result<> ReplaceFile(const std::string& path, std::string_view content);

/// Makes the directory `path` and those above it that are missing, with mode 0700.
Result<> MakeDirectories(const std::string& path);

}  // namespace ambit::os
