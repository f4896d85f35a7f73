#pragma once

#include <cerrno>
#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/file_view.h"
#include "base/path_text.h"

namespace ambit::testing_support {

/// A disk made of a table. Parents of what is added become directories by themselves.
class FakeFileView : public FileView {
 public:
  FakeFileView() { nodes_["/"] = {FileKind::kDirectory, "", 1, 0, 0755}; }

  FakeFileView& Dir(const std::string& path) { return Add(path, FileKind::kDirectory, ""); }
  FakeFileView& File(const std::string& path, std::string content = "") {
    return Add(path, FileKind::kRegular, std::move(content));
  }
  FakeFileView& Link(const std::string& path, std::string text) {
    return Add(path, FileKind::kSymlink, std::move(text));
  }
  FakeFileView& Socket(const std::string& path) { return Add(path, FileKind::kSocket, ""); }
  FakeFileView& Remove(const std::string& path) {
    std::erase_if(nodes_, [&](const auto& node) { return IsAtOrBelow(node.first, path); });
    return *this;
  }
  /// Gives what is at `path` another owner and other permission bits.
  FakeFileView& Own(const std::string& path, std::uint32_t uid, std::uint32_t mode) {
    nodes_.at(path).uid = uid;
    nodes_.at(path).mode = mode;
    return *this;
  }
  /// Nothing below the directory `path` can be looked at: EACCES.
  FakeFileView& Hide(const std::string& path) {
    hidden_.insert(path);
    return Dir(path);
  }

  Result<FileInfo> Lstat(const std::string& path) const override {
    if (IsHidden(path)) return FailErrno(EACCES, "cannot look at '" + path + "'");
    const auto found = nodes_.find(path);
    if (found == nodes_.end()) return FileInfo{};
    FileInfo info;
    info.kind = found->second.kind;
    info.dev = 1;
    info.ino = found->second.ino;
    info.nlink = 1;
    info.uid = found->second.uid;
    info.mode = found->second.mode;
    return info;
  }

  Result<std::string> ReadLink(const std::string& path) const override {
    const auto found = nodes_.find(path);
    if (found == nodes_.end()) return FailErrno(ENOENT, "cannot read the link '" + path + "'");
    if (found->second.kind != FileKind::kSymlink) {
      return FailErrno(EINVAL, "cannot read the link '" + path + "'");
    }
    return found->second.content;
  }

  Result<std::string> ReadFile(const std::string& path, std::size_t limit) const override {
    AMBIT_TRY(RealPath real, ResolveRealPath(*this, path));
    if (real.hidden) return FailErrno(EACCES, "cannot read '" + path + "'");
    if (real.kind == FileKind::kMissing) return FailErrno(ENOENT, "cannot read '" + path + "'");
    if (real.kind != FileKind::kRegular) return FailErrno(EISDIR, "cannot read '" + path + "'");
    const std::string& content = nodes_.at(real.path).content;
    if (content.size() > limit) return FailErrno(EFBIG, "cannot read '" + path + "'");
    return content;
  }

  Result<std::vector<std::string>> ListDirectory(const std::string& path) const override {
    std::vector<std::string> names;
    for (const auto& [name, node] : nodes_) {
      if (name != "/" && ParentPath(name) == path) names.emplace_back(BaseName(name));
    }
    return names;
  }

 private:
  struct Node {
    FileKind kind = FileKind::kMissing;
    std::string content;
    std::uint64_t ino = 0;
    std::uint32_t uid = 0;
    std::uint32_t mode = 0755;
  };

  FakeFileView& Add(const std::string& path, FileKind kind, std::string content) {
    const std::string parent(ParentPath(path));
    if (!nodes_.contains(parent)) Dir(parent);
    const auto ino = static_cast<std::uint64_t>(nodes_.size() + 1);
    nodes_[path] = {kind, std::move(content), ino, 0, 0755};
    return *this;
  }

  [[nodiscard]] bool IsHidden(const std::string& path) const {
    for (const std::string& hidden : hidden_) {
      if (path != hidden && IsAtOrBelow(path, hidden)) return true;
    }
    return false;
  }

  std::map<std::string, Node> nodes_;
  std::set<std::string> hidden_;
};

}  // namespace ambit::testing_support
