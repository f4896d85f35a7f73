#include "policy/workspace_roots.h"

#include <algorithm>
#include <string>
#include <utility>

#include "base/path_text.h"
#include "policy/entry_form.h"
#include "policy/git_directory.h"
#include "policy/metadata.h"

namespace ambit::policy {
namespace {

/// Whether some entry makes a workspace root, or a part of it, writable.
bool RootsAreWritable(const config::Profile& profile) {
  return std::ranges::any_of(profile.filesystem, [](const config::PathEntry& entry) {
    return entry.access == config::AccessWord::kWrite &&
           (entry.key == ":workspace_roots" || entry.key == ":project_roots");
  });
}

/// The bare repository that `directory` is a part of, or "". A work tree kept inside one has a .git
/// of its own and is none of its parts.
Result<std::string> EnclosingGitDirectory(const FileView& files, const std::string& directory) {
  std::string path = directory;
  while (path != "/") {
    AMBIT_TRY(const FileKind own, KindAt(files, JoinPath(path, ".git")));
    if (own != FileKind::kMissing) break;
    path = ParentPath(path);
    AMBIT_TRY(const bool bare, IsBareRepository(files, path));
    if (bare) return path;
  }
  return "";
}

/// A writable root must not be the whole disk, nor hold what git or an agent trusts.
Result<> CheckWritableRoot(const Draft& draft, const Root& root) {
  const auto refuse = [&](const std::string& problem) {
    return Fail(ErrorCode::kInvalidConfig,
                "'" + Printable(root.given) + "' cannot be a writable workspace root of profile '" +
                    Printable(draft.profile()) + "': " + problem,
                root.from);
  };
  const std::string outside =
      root.named ? "name a directory outside of it instead" : "start outside of it instead";
  if (root.path == "/") {
    return refuse(
        std::string("it is the whole disk; ") +
        (root.named ? "name a project directory instead" : "start in a project directory instead"));
  }
  for (std::string_view path = root.path; path != "/"; path = ParentPath(path)) {
    if (!IsProtectedName(BaseName(path))) continue;
    return refuse("it lies inside the protected '" + Printable(path) + "'; " + outside);
  }
  AMBIT_TRY(const std::string git_dir, EnclosingGitDirectory(draft.files, root.path));
  if (git_dir.empty()) return {};
  return refuse("it lies inside the git directory '" + Printable(git_dir) + "'; " + outside);
}

class Finder {
 public:
  explicit Finder(Draft& draft)
      : draft_(draft), writable_(RootsAreWritable(draft.selected.profile)) {}

  Result<> Run() {
    const std::string& cwd = draft_.around.cwd;
    if (!cwd.starts_with('/')) {
      return Fail(ErrorCode::kSystem, "the directory to start in, '" + Printable(cwd) +
                                          "', is not an absolute path; use -C with one");
    }
    AMBIT_CHECK(AddDirectory(FoldPath(cwd), "to start in", false));
    draft_.policy.cwd = draft_.roots.front().path;
    for (const config::WorkspaceRoot& root : draft_.selected.profile.workspace_roots) {
      if (!root.enabled) continue;
      AMBIT_CHECK(AddProfileRoot(root));
    }
    for (const std::string& directory : draft_.around.add_dirs) {
      AMBIT_CHECK(AddDirectory(FromCwd(directory), "of --add-dir", true));
    }
    return {};
  }

 private:
  [[nodiscard]] std::string FromCwd(std::string_view path) const {
    return FoldPath(path.starts_with('/') ? std::string(path) : JoinPath(draft_.policy.cwd, path));
  }

  /// A directory that has to exist.
  Result<> AddDirectory(std::string spelled, std::string_view role, bool named) {
    AMBIT_TRY(RealPath real, draft_.paths.Resolve(spelled));
    if (real.kind != FileKind::kDirectory) {
      return Fail(ErrorCode::kNotFound, "'" + Printable(spelled) + "', the directory " +
                                            std::string(role) +
                                            ", is not a directory; name one that exists");
    }
    return Add(std::move(real), std::move(spelled), named, {});
  }

  Result<> AddProfileRoot(const config::WorkspaceRoot& root) {
    const bool odd_tilde =
        root.path.starts_with('~') && root.path != "~" && !root.path.starts_with("~/");
    if (root.path.empty() || root.path.starts_with(':') || odd_tilde || root.path.contains('\0')) {
      return Fail(ErrorCode::kInvalidConfig,
                  "'" + Printable(root.path) + "' in workspace_roots of profile '" +
                      Printable(draft_.profile()) +
                      "' is not a directory's path; write an absolute path, '~/...', or one "
                      "relative to the start directory",
                  root.from);
    }
    std::string spelled = FromCwd(root.path);
    if (root.path.starts_with('~')) {
      AMBIT_TRY(spelled, ExpandHome(root.path, draft_.around.home, root.from));
    }
    AMBIT_TRY(RealPath real, draft_.paths.Resolve(spelled));
    if (real.kind == FileKind::kMissing) return {};
    return Add(std::move(real), std::move(spelled), true, root.from);
  }

  Result<> Add(RealPath real, std::string spelled, bool named, SourceRef from) {
    const auto same = std::ranges::find(draft_.roots, real.path, &Root::path);
    if (same != draft_.roots.end()) {
      // Kept once; but whoever names the real place openly must be seen to.
      if (named && (!same->named || spelled == same->path)) {
        same->named = true;
        same->given = std::move(spelled);
        same->from = std::move(from);
      }
      std::ranges::move(real.crossed, std::back_inserter(same->crossed));
      return {};
    }
    Root root{.path = std::move(real.path),
              .given = std::move(spelled),
              .is_file = real.kind != FileKind::kDirectory,
              .named = named,
              .from = std::move(from),
              .crossed = std::move(real.crossed)};
    if (writable_) {
      AMBIT_CHECK(CheckWritableRoot(draft_, root));
    }
    draft_.roots.push_back(std::move(root));
    return {};
  }

  Draft& draft_;
  bool writable_;
};

}  // namespace

Result<> FindWorkspaceRoots(Draft& draft) { return Finder(draft).Run(); }

}  // namespace ambit::policy
