#include "policy/git_directory.h"

#include <algorithm>
#include <cerrno>
#include <cstddef>

#include "base/path_text.h"

namespace ambit::policy {
namespace {

// Both are one line that a person or git wrote; PATH_MAX is 4096.
constexpr std::size_t kMaxPointer = 8192;
constexpr std::size_t kMaxModules = std::size_t{1} << 20;

std::string_view Trim(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r\n\v\f";
  const std::size_t first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

std::optional<std::string> From(const std::string& directory, std::string_view path) {
  if (path.empty() || path.contains('\0') || path.contains('\n')) return std::nullopt;
  return FoldPath(path.starts_with('/') ? std::string(path) : JoinPath(directory, path));
}

/// The value of a line `path = VALUE`; "" for any other line.
std::string_view PathValue(std::string_view line) {
  const std::size_t equals = line.find('=');
  if (equals == std::string_view::npos) return {};
  if (Trim(line.substr(0, equals)) != "path") return {};
  std::string_view value = Trim(line.substr(equals + 1));
  if (value.size() >= 2 && value.starts_with('"') && value.ends_with('"')) {
    value = value.substr(1, value.size() - 2);
  }
  return value;
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
  const std::string_view line = Trim(*text);
  if (!line.starts_with(kPrefix)) return std::nullopt;
  return From(directory, Trim(line.substr(kPrefix.size())));
}

std::optional<std::string> ReadCommonDir(const FileView& files, const std::string& git_dir) {
  const Result<std::string> text = files.ReadFile(JoinPath(git_dir, "commondir"), kMaxPointer);
  if (!text) return std::nullopt;
  return From(git_dir, Trim(*text));
}

std::vector<std::string> ReadSubmodulePaths(const FileView& files, const std::string& directory) {
  std::vector<std::string> out;
  const Result<std::string> text = files.ReadFile(JoinPath(directory, ".gitmodules"), kMaxModules);
  if (!text) return out;
  std::string_view rest = *text;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view value = PathValue(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (value.empty() || value.starts_with('/') || value.contains('\0')) continue;
    std::string path = FoldPath(JoinPath(directory, value));
    if (path != directory && IsAtOrBelow(path, directory)) out.push_back(std::move(path));
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
