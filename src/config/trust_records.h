#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/file_view.h"
#include "base/result.h"
#include "config/profile.h"

namespace ambit::config {

/// The name, beside the user's config.toml, of the file that `ambit trust` writes.
inline constexpr std::string_view kTrustFile = "trusted_projects.toml";

/// Project files that were trusted: canonical path of the file -> SHA-256 of what it held then.
using TrustRecords = std::map<std::string, Placed<std::string>>;

/// Reads the records at `path`; none when the file is missing. Errors: kInvalidConfig for anything
/// that `ambit trust` does not write.
Result<TrustRecords> ReadTrustRecords(const FileView& files, const std::string& path);

/// The text of a file with these records.
std::string RenderTrustRecords(const TrustRecords& records);

}  // namespace ambit::config
