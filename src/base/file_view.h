#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "base/text_hash.h"

namespace ambit {

enum class FileKind : std::uint8_t { kMissing, kRegular, kDirectory, kSymlink, kSocket, kOther };

struct FileInfo {
  FileKind kind = FileKind::kMissing;
  std::uint64_t dev = 0;
  std::uint64_t ino = 0;
  std::uint64_t nlink = 0;
  std::uint32_t uid = 0;
  std::uint32_t mode = 0;  ///< Permission bits only (07777).
};

/// The little that loading and resolving a policy needs to know of the disk. The real one is
/// os::DiskView; tests use a fake. All paths are absolute.
class FileView {
 public:
  virtual ~FileView() = default;

  /// What is at `path`, not following a final link. kMissing (no error) for ENOENT and ENOTDIR.
  /// Any other failure is an Error.
  virtual Result<FileInfo> Lstat(const std::string& path) const = 0;

  /// The text of the link at `path`.
  virtual Result<std::string> ReadLink(const std::string& path) const = 0;

  /// The content of the regular file at `path`, following links. kNotFound when there is none;
  /// an Error when it is larger than `limit` bytes or not a regular file.
  virtual Result<std::string> ReadFile(const std::string& path, std::size_t limit) const = 0;

  /// The names in the directory at `path`, sorted, without "." and "..". kUnsupported from a view
  /// that cannot list.
  virtual Result<std::vector<std::string>> ListDirectory(const std::string& path) const;
};

/// A path with every link resolved, as far as it exists.
struct RealPath {
  std::string path;              ///< Canonical; the missing rest is appended as written.
  std::string deepest_existing;  ///< The deepest ancestor (or the path itself) that exists.
  FileKind kind = FileKind::kMissing;
  /// Every link that was crossed, outermost first, by its canonical parent + name, and its text.
  struct Crossed {
    std::string link;
    std::string text;
  };
  std::vector<Crossed> crossed;
  bool loop = false;    ///< More than 40 links: treated as missing.
  bool hidden = false;  ///< EACCES on the way: what lies behind is treated as missing.
};

/// Resolves the absolute, folded `path`. `..` in link texts is taken physically.
/// Errors: what Lstat and ReadLink report, except EACCES of Lstat (see `hidden`).
Result<RealPath> ResolveRealPath(const FileView& view, const std::string& path);

/// Resolves many paths as ResolveRealPath does, but looks at each directory on the way only once:
/// what it saw there is taken to stay so.
class PathResolver {
 public:
  explicit PathResolver(const FileView& view) : view_(view) {}

  Result<RealPath> Resolve(const std::string& path);

  /// How far one path has been followed.
  struct Progress {
    RealPath real = {
        .path = "/", .deepest_existing = "/", .kind = FileKind::kDirectory, .crossed = {}};
    std::size_t links = 0;
    bool exists = true;  ///< Whether real.path exists and can be looked into.
  };

 private:
  /// The progress at the directory `path`; kept, as long as there is something.
  Result<const Progress*> ProgressAt(std::string_view path);

  const FileView& view_;
  /// By folded path, links left alone.
  std::unordered_map<std::string, Progress, TextHash, std::equal_to<>> seen_;
  Progress missing_;  ///< The last one that was not worth keeping.
};

}  // namespace ambit
