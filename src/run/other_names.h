#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "run/denied_files.h"

namespace ambit::run {

/// A file of several names, as it is found under one of them.
struct NamedFile {
  std::string path;
  FileIdentity file;
};

/// Every name below `roots` (directories, absolute) that is one of `files`, those given included.
/// Directories in `skip` are not entered, nor those that cannot be looked into. Paths may be longer
/// than PATH_MAX. Errors: kSystem where a directory cannot be read for another reason.
Result<std::vector<NamedFile>> FindNamesOf(std::span<const NamedFile> files,
                                           std::span<const std::string> roots,
                                           std::span<const std::string> skip);

/// What is at `path` when that is a file with other names besides.
bool HasOtherNames(const std::string& path, FileIdentity& out);

}  // namespace ambit::run
