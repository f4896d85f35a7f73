#include "policy/metadata.h"

#include <algorithm>
#include <array>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/path_text.h"
#include "policy/git_directory.h"

namespace ambit::policy {
namespace {

constexpr std::array<std::string_view, 5> kProtectedNames = {".git", ".codex", ".agents", ".aws",
                                                             ".ambit"};

class Protection {
 public:
  explicit Protection(Draft& draft) : draft_(draft) {
    for (const PathRule& rule : draft_.policy.ties_lost) {
      if (rule.access == Access::kWrite) opened_.insert(rule.path);
    }
    for (const Request& request : draft_.requests) {
      if (request.rule.access != Access::kWrite) continue;
      for (const RealPath::Crossed& link : request.crossed) opened_.insert(link.link);
    }
    for (const policy::Root& root : draft_.roots) workspace_.insert(root.path);
  }

  Result<> Run() {
    FindRoots();
    for (const WritableRoot& root : roots_) {
      AMBIT_CHECK(ProtectNames(root));
    }
    Apply();
    for (const WritableRoot& root : roots_) {
      AMBIT_CHECK(ProtectGit(root));
    }
    Apply();
    return {};
  }

 private:
  struct WritableRoot {
    std::string path;
    SourceRef from;
  };

  void FindRoots() {
    const Policy& policy = draft_.policy;
    for (const PathRule& rule : policy.rules) {
      if (rule.access == Access::kWrite && rule.kind == FileKind::kDirectory) {
        roots_.push_back({rule.path, rule.from});
      }
    }
    const auto whole_disk = std::ranges::find(roots_, "/", &WritableRoot::path);
    if (whole_disk != roots_.end()) roots_ = {WritableRoot(*whole_disk)};
  }

  [[nodiscard]] bool HasRule(const std::string& path) const { return draft_.policy.HasRule(path); }

  /// Whether an entry asks for `path` to be writable, even if it is missing or a link.
  [[nodiscard]] bool IsOpened(const std::string& path) const {
    if (opened_.contains(path)) return true;
    const std::size_t rule = draft_.policy.IndexOf(path);
    return rule != Policy::kNoRule && draft_.policy.rules[rule].access == Access::kWrite;
  }

  /// Rules are added together: the ones in place are being read meanwhile.
  void Protect(Request request, const WritableRoot& root) {
    request.rule.origin = Origin::kProtected;
    request.rule.given = request.spelled();
    request.rule.from = root.from;
    // Never more than there was: a place that is not writable needs no protection.
    const bool writable = Decide(draft_.policy, request.rule.path).access == Access::kWrite;
    if (writable && !HasRule(request.rule.path)) added_.push_back(request.rule);
    draft_.requests.push_back(std::move(request));
  }

  void Apply() {
    std::ranges::stable_sort(added_, {}, &PathRule::path);
    const auto same = std::ranges::unique(added_, {}, &PathRule::path);
    added_.erase(same.begin(), same.end());
    draft_.policy.Append(std::move(added_));
    added_.clear();
  }

  Result<> ProtectNames(const WritableRoot& root) {
    for (const std::string_view name : kProtectedNames) {
      const std::string path = JoinPath(root.path, name);
      if (HasRule(path) || IsOpened(path)) continue;
      AMBIT_TRY(const FileKind kind, KindAt(draft_.files, path));
      if (kind == FileKind::kSymlink) return RefuseLink(root, path);
      Request request;
      request.rule.path = path;
      request.rule.access = Access::kRead;
      request.rule.kind = kind;
      request.rule.deepest_existing = kind == FileKind::kMissing ? root.path : path;
      Protect(std::move(request), root);
    }
    return {};
  }

  [[nodiscard]] std::unexpected<Error> RefuseLink(const WritableRoot& root,
                                                  const std::string& path) const {
    const Result<std::string> text = draft_.files.ReadLink(path);
    return Fail(ErrorCode::kInvalidConfig,
                "'" + Printable(path) + "' is a link to '" + Printable(text ? *text : "?") +
                    "' that the command could replace, so it cannot be protected; make it a "
                    "directory, or grant it 'write' in profile '" +
                    Printable(draft_.profile()) + "'",
                root.from);
  }

  Result<> ProtectGit(const WritableRoot& root) {
    const std::string git = JoinPath(root.path, ".git");
    if (!IsOpened(git)) {
      AMBIT_CHECK(FollowGit(root, root.path));
    }
    if (workspace_.contains(root.path)) {
      AMBIT_CHECK(ProtectBareRepository(root));
    }
    std::vector<std::string> submodules = ReadSubmodulePaths(draft_.files, root.path);
    const std::string git_dir = ReadGitPointer(draft_.files, root.path).value_or(git);
    std::ranges::move(ReadModuleWorkTrees(draft_.files, git_dir, root.path),
                      std::back_inserter(submodules));
    for (const std::string& submodule : submodules) {
      AMBIT_CHECK(ProtectSubmodule(root, submodule));
    }
    return {};
  }

  /// A git directory that somebody grants by name is meant to be written; one that is only where
  /// the command works is not.
  Result<> ProtectBareRepository(const WritableRoot& root) {
    AMBIT_TRY(const bool bare, IsBareRepository(draft_.files, root.path));
    if (!bare) return {};
    for (const std::string_view name : GitDirectoryMembers()) {
      const std::string path = JoinPath(root.path, name);
      if (IsOpened(path)) continue;
      AMBIT_TRY(Request request, MakeRequest(draft_.paths, path, Access::kRead));
      Protect(std::move(request), root);
    }
    return {};
  }

  Result<> ProtectSubmodule(const WritableRoot& root, const std::string& directory) {
    const std::string path = JoinPath(directory, ".git");
    AMBIT_TRY(Request request, MakeRequest(draft_.paths, path, Access::kRead));
    // git itself refuses to enter a submodule through a link.
    if (!request.crossed.empty() || request.rule.kind != FileKind::kRegular || IsOpened(path)) {
      return {};
    }
    Protect(std::move(request), root);
    return FollowGit(root, directory);
  }

  /// Protects the git directory that `.git` in `directory` is or points to, and its common one.
  Result<> FollowGit(const WritableRoot& root, const std::string& directory) {
    std::string git_dir = JoinPath(directory, ".git");
    if (const auto target = ReadGitPointer(draft_.files, directory)) {
      AMBIT_TRY(Request request, MakeRequest(draft_.paths, *target, Access::kRead));
      if (request.rule.kind == FileKind::kMissing) return {};
      git_dir = request.rule.path;
      Protect(std::move(request), root);
    }
    if (const auto common = ReadCommonDir(draft_.files, git_dir)) {
      AMBIT_TRY(Request request, MakeRequest(draft_.paths, *common, Access::kRead));
      if (request.rule.kind != FileKind::kMissing) Protect(std::move(request), root);
    }
    return {};
  }

  Draft& draft_;
  std::set<std::string, std::less<>> opened_;  ///< What is asked for and has no rule.
  std::set<std::string, std::less<>> workspace_;
  std::vector<WritableRoot> roots_;
  std::vector<PathRule> added_;
};

}  // namespace

bool IsProtectedName(std::string_view name) {
  return std::ranges::find(kProtectedNames, name) != kProtectedNames.end();
}

Result<> ProtectMetadata(Draft& draft) { return Protection(draft).Run(); }

}  // namespace ambit::policy
