#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/file_view.h"
#include "base/result.h"
#include "config/node.h"

namespace ambit::config {

/// Where a project's own configuration lies below each of its directories.
inline constexpr std::string_view kProjectFile = ".ambit/config.toml";

/// One directory whose project file would be a layer.
struct ProjectDirectory {
  std::string path;                ///< Canonical.
  std::vector<std::string> names;  ///< `path`, and the name it was reached by, if another.
};

/// The directories whose project files count for a command in `cwd`: from the project root (the
/// nearest ancestor that holds a `.git`) down to the command's directory, outermost first; only
/// the latter when there is no root. The first is the project root, if there is one.
Result<std::vector<ProjectDirectory>> FindProjectDirectories(const std::string& cwd,
                                                             const FileView& files);

/// What `[projects]` says about a directory.
enum class Trust : std::uint8_t { kUnknown, kTrusted, kUntrusted };

/// Asks the merged `projects` table (null: none) about `directory` first, then about `root`.
Trust TrustOf(const Node* projects, const ProjectDirectory& directory,
              const ProjectDirectory& root);

/// Checks the types and words of a `projects` table. Keys that are not about trust are the peer's.
Result<> CheckProjects(const Node& projects);

}  // namespace ambit::config
