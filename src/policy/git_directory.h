#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/file_view.h"
#include "base/result.h"

namespace ambit::policy {

/// What is at `path`, links not followed; kMissing also where nobody lets us look (EACCES).
Result<FileKind> KindAt(const FileView& files, const std::string& path);

/// Where the `.git` file in `directory` points: absolute and folded, or nothing when there is no
/// such file or it is not a pointer (gitrepository-layout(5), "gitdir: PATH").
std::optional<std::string> ReadGitPointer(const FileView& files, const std::string& directory);

/// The common directory that the git directory `git_dir` names in its `commondir` file: absolute
/// and folded, or nothing.
std::optional<std::string> ReadCommonDir(const FileView& files, const std::string& git_dir);

/// The `path` values of `.gitmodules` in `directory` that stay below it, folded.
std::vector<std::string> ReadSubmodulePaths(const FileView& files, const std::string& directory);

/// The work trees of the submodules whose repositories lie in `modules/` of `git_dir`: where their
/// configuration says, else at their name below `work_tree` (git's default). Unlike `.gitmodules`
/// nobody inside can change this list, as it lies in a protected directory.
std::vector<std::string> ReadModuleWorkTrees(const FileView& files, const std::string& git_dir,
                                             const std::string& work_tree);

/// Whether `directory` (canonical) itself is a git directory: it holds HEAD, objects/ and refs/.
Result<bool> IsBareRepository(const FileView& files, const std::string& directory);

/// The names in a git directory that decide what git runs and trusts.
const std::vector<std::string_view>& GitDirectoryMembers();

}  // namespace ambit::policy
