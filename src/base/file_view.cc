#include "base/file_view.h"

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <string_view>

#include "base/path_text.h"

namespace ambit {
namespace {

// path_resolution(7): the kernel follows at most 40 links in one path.
constexpr std::size_t kMaxLinks = 40;

using Progress = PathResolver::Progress;

/// One walk: `real` grows by one component at a time, `todo` holds the rest, the next component
/// last.
class Walk {
 public:
  Walk(const FileView& view, Progress& progress)
      : view_(view), real_(progress.real), links_(progress.links), exists_(progress.exists) {}

  /// Goes on along `path`, relative to where the walk is.
  Result<> Go(std::string_view path) {
    Push(path);
    // Nothing is below a file, not even "..": the rest is missing.
    if (exists_ && real_.kind != FileKind::kDirectory && !todo_.empty()) {
      exists_ = false;
      real_.kind = FileKind::kMissing;
    }
    while (!todo_.empty()) {
      const std::string name = std::move(todo_.back());
      todo_.pop_back();
      AMBIT_CHECK(Step(name));
    }
    return {};
  }

 private:
  void Push(std::string_view path) {
    const std::vector<std::string_view> names = Components(path);
    for (auto name = names.rbegin(); name != names.rend(); ++name) {
      if (*name != ".") todo_.emplace_back(*name);
    }
  }

  Result<> Step(const std::string& name) {
    if (name == "..") {
      real_.path = ParentPath(real_.path);
      if (exists_) real_.deepest_existing = real_.path;
      if (exists_) real_.kind = FileKind::kDirectory;
      return {};
    }
    std::string next = JoinPath(real_.path, name);
    if (!exists_) {
      real_.path = std::move(next);
      return {};
    }
    const Result<FileInfo> info = view_.Lstat(next);
    if (!info) {
      if (info.error().sys_errno != EACCES) return std::unexpected(info.error());
      real_.hidden = true;
      EndAt(std::move(next));
      return {};
    }
    if (info->kind == FileKind::kSymlink) return Follow(std::move(next));
    if (info->kind == FileKind::kMissing) {
      EndAt(std::move(next));
      return {};
    }
    real_.path = next;
    real_.deepest_existing = std::move(next);
    real_.kind = info->kind;
    // Nothing is below a file, not even "..": the rest is missing.
    if (real_.kind != FileKind::kDirectory && !todo_.empty()) {
      exists_ = false;
      real_.kind = FileKind::kMissing;
    }
    return {};
  }

  Result<> Follow(std::string link) {
    AMBIT_TRY(std::string text, view_.ReadLink(link));
    const bool seen = std::ranges::any_of(
        real_.crossed, [&](const RealPath::Crossed& crossed) { return crossed.link == link; });
    if (!seen) real_.crossed.push_back({link, text});
    if (++links_ > kMaxLinks) {
      real_.loop = true;
      EndAt(std::move(link));
      return {};
    }
    if (text.starts_with('/')) {
      real_.path = "/";
      real_.deepest_existing = "/";
      real_.kind = FileKind::kDirectory;
    }
    Push(text);
    return {};
  }

  /// Nothing can be looked at from `path` on.
  void EndAt(std::string path) {
    real_.path = std::move(path);
    real_.kind = FileKind::kMissing;
    exists_ = false;
  }

  const FileView& view_;
  RealPath& real_;
  std::size_t& links_;
  bool& exists_;
  std::vector<std::string> todo_;
};

}  // namespace

Result<std::vector<std::string>> FileView::ListDirectory(const std::string& path) const {
  return Fail(ErrorCode::kUnsupported, "cannot list '" + Printable(path) + "' here");
}

Result<RealPath> ResolveRealPath(const FileView& view, const std::string& path) {
  Progress progress;
  AMBIT_CHECK(Walk(view, progress).Go(path));
  return std::move(progress.real);
}

Result<const Progress*> PathResolver::ProgressAt(std::string_view path) {
  // From the end: where many paths are looked at, most of the way is known.
  std::size_t known = path.size();
  auto seen = seen_.find(path);
  while (seen == seen_.end() && known > 1) {
    known = ParentPath(path.substr(0, known)).size();
    seen = seen_.find(path.substr(0, known));
  }
  const Progress* at = seen == seen_.end() ? &seen_.try_emplace("/").first->second : &seen->second;
  while (known < path.size()) {
    const std::size_t start = known == 1 ? 1 : known + 1;
    known = std::min(path.find('/', start), path.size());
    Progress next = *at;
    if (!next.exists) {
      AMBIT_CHECK(Walk(view_, next).Go(path.substr(start)));
      missing_ = std::move(next);
      return &missing_;
    }
    AMBIT_CHECK(Walk(view_, next).Go(path.substr(start, known - start)));
    at = &seen_.emplace(path.substr(0, known), std::move(next)).first->second;
  }
  return at;
}

Result<RealPath> PathResolver::Resolve(const std::string& path) {
  AMBIT_TRY(const Progress* const parent, ProgressAt(ParentPath(path)));
  if (parent->exists && parent->real.kind == FileKind::kDirectory && path != "/") {
    std::string next = JoinPath(parent->real.path, BaseName(path));
    const Result<FileInfo> info = view_.Lstat(next);
    if (info && info->kind != FileKind::kSymlink) {
      const bool missing = info->kind == FileKind::kMissing;
      return RealPath{.path = next,
                      .deepest_existing = missing ? parent->real.path : next,
                      .kind = info->kind,
                      .crossed = parent->real.crossed};
    }
  }
  Progress progress = *parent;
  AMBIT_CHECK(Walk(view_, progress).Go(BaseName(path)));
  return std::move(progress.real);
}

}  // namespace ambit
