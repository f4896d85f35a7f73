#include "policy/git_directory.h"

#include <algorithm>
#include <cerrno>
#include <cstddef>

#include "base/ascii.h"
#include "base/path_text.h"

namespace ambit::policy {
namespace {

// Both are one line that a person or git wrote; PATH_MAX is 4096.
constexpr std::size_t kMaxPointer = 8192;
constexpr std::size_t kMaxConfig = std::size_t{1} << 20;
// Repositories with more submodules than this have their first ones looked at.
constexpr std::size_t kMaxModuleEntries = 4096;

constexpr std::string_view kBlank = " \t\r\n\v\f";

std::optional<std::string> From(const std::string& directory, std::string_view path) {
  if (path.empty() || path.contains('\0') || path.contains('\n')) return std::nullopt;
  return FoldPath(path.starts_with('/') ? std::string(path) : JoinPath(directory, path));
}

/// The value of a line `KEY = VALUE`; "" for any other line.
std::string_view ValueOf(std::string_view line, std::string_view key) {
  const std::size_t equals = line.find('=');
  if (equals == std::string_view::npos) return {};
  if (Trim(line.substr(0, equals), kBlank) != key) return {};
  std::string_view value = Trim(line.substr(equals + 1), kBlank);
  if (value.size() >= 2 && value.starts_with('"') && value.ends_with('"')) {
    value = value.substr(1, value.size() - 2);
  }
  return value;
}

/// All values of `key` in the git configuration file `path`, whatever their section.
std::vector<std::string> ReadValues(const FileView& files, const std::string& path,
                                    std::string_view key) {
  std::vector<std::string> out;
  const Result<std::string> text = files.ReadFile(path, kMaxConfig);
  if (!text) return out;
  std::string_view rest = *text;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view value = ValueOf(rest.substr(0, end), key);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (!value.empty() && !value.contains('\0')) out.emplace_back(value);
  }
  return out;
}

}  // namespace

Result<FileKind> KindAt(const FileView& files, const std::string& path) {
  const Result<FileInfo> info = files.Lstat(path);
  if (info) return info->kind;
  if (info.error().sys_errno == EACCES) return FileKind::kMissing;
  return std::unexpected(info.error());
}

std::optional<std::string> ReadGitPointer(const FileView& files, const std::string& directory) {
  constexpr std::string_view kPrefix = "gitdir:";
  // What cannot be read is no pointer: git could not follow it either.
  const Result<std::string> text = files.ReadFile(JoinPath(directory, ".git"), kMaxPointer);
  if (!text) return std::nullopt;
  const std::string_view line = Trim(*text, kBlank);
  if (!line.starts_with(kPrefix)) return std::nullopt;
  return From(directory, Trim(line.substr(kPrefix.size()), kBlank));
}

std::optional<std::string> ReadCommonDir(const FileView& files, const std::string& git_dir) {
  const Result<std::string> text = files.ReadFile(JoinPath(git_dir, "commondir"), kMaxPointer);
  if (!text) return std::nullopt;
  return From(git_dir, Trim(*text, kBlank));
}

std::vector<std::string> ReadSubmodulePaths(const FileView& files, const std::string& directory) {
  std::vector<std::string> out;
  for (const std::string& value : ReadValues(files, JoinPath(directory, ".gitmodules"), "path")) {
    std::string path = FoldPath(JoinPath(directory, value));
    if (path != directory && IsAtOrBelow(path, directory)) out.push_back(std::move(path));
  }
  return out;
}

std::vector<std::string> ReadModuleWorkTrees(const FileView& files, const std::string& git_dir,
                                             const std::string& work_tree) {
  std::vector<std::string> out;
  const std::string modules = JoinPath(git_dir, "modules");
  std::vector<std::string> todo = {modules};
  for (std::size_t looked_at = 0; !todo.empty() && looked_at < kMaxModuleEntries;) {
    const std::string directory = std::move(todo.back());
    todo.pop_back();
    const Result<std::vector<std::string>> names = files.ListDirectory(directory);
    if (!names) continue;
    for (const std::string& name : *names) {
      ++looked_at;
      const std::string path = JoinPath(directory, name);
      const Result<FileKind> head = KindAt(files, JoinPath(path, "HEAD"));
      if (!head || *head == FileKind::kMissing) {
        todo.push_back(path);
        continue;
      }
      todo.push_back(JoinPath(path, "modules"));
      const std::vector<std::string> set = ReadValues(files, JoinPath(path, "config"), "worktree");
      const std::optional<std::string> said =
          set.empty() ? std::nullopt : From(path, std::string_view(set.back()));
      out.push_back(said ? *said : JoinPath(work_tree, RelativeTo(path, modules)));
    }
  }
  return out;
}

Result<bool> IsBareRepository(const FileView& files, const std::string& directory) {
  // Nearly every directory is told apart by this one look.
  AMBIT_TRY(const FileKind head, KindAt(files, JoinPath(directory, "HEAD")));
  if (head == FileKind::kMissing) return false;
  AMBIT_TRY(const RealPath objects, ResolveRealPath(files, JoinPath(directory, "objects")));
  if (objects.kind != FileKind::kDirectory) return false;
  AMBIT_TRY(const RealPath refs, ResolveRealPath(files, JoinPath(directory, "refs")));
  return refs.kind == FileKind::kDirectory;
}

const std::vector<std::string_view>& GitDirectoryMembers() {
  static const std::vector<std::string_view> members = {
      "HEAD", "commondir", "config",  "config.worktree", "hooks", "info",
      "logs", "modules",   "objects", "packed-refs",     "refs",  "worktrees"};
  return members;
}

}  // namespace ambit::policy
