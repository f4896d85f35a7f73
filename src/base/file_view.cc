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

/// The state of one walk: `real` grows by one component at a time, `todo` holds the rest, the next
/// component last.
class Walk {
 public:
  Walk(const FileView& view, const std::string& path) : view_(view) {
    real_.path = "/";
    real_.deepest_existing = "/";
    real_.kind = FileKind::kDirectory;
    Push(path);
  }

  Result<RealPath> Run() {
    while (!todo_.empty()) {
      const std::string name = std::move(todo_.back());
      todo_.pop_back();
      AMBIT_CHECK(Step(name));
    }
    return std::move(real_);
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
  RealPath real_;
  std::vector<std::string> todo_;
  std::size_t links_ = 0;
  bool exists_ = true;  ///< Whether real_.path exists and can be looked into.
};

}  // namespace

Result<std::vector<std::string>> FileView::ListDirectory(const std::string& path) const {
  return Fail(ErrorCode::kUnsupported, "cannot list '" + Printable(path) + "' here");
}

Result<RealPath> ResolveRealPath(const FileView& view, const std::string& path) {
  return Walk(view, path).Run();
}

}  // namespace ambit
