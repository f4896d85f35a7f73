#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/file_view.h"
#include "base/glob.h"
#include "base/result.h"

namespace ambit::os {

/// A deny pattern, relative to the base of the walk. `glob` is borrowed.
struct WalkPattern {
  const Glob* glob = nullptr;
  std::optional<std::uint32_t> max_depth;
};

struct WalkMatch {
  std::string path;  ///< Absolute.
  FileKind kind = FileKind::kOther;
  std::size_t pattern = 0;  ///< The first pattern that matches.
  /// A directory that we may not list although something below it could match. Nothing is known of
  /// what it holds, and the command, which may have the right to open names in it or to change its
  /// mode, could get at a match: hide it whole.
  bool unreadable = false;
  /// A link that does not match itself, but behind which a name could. Only with WalkRoot::links.
  bool way = false;

  bool operator==(const WalkMatch&) const = default;
};

/// Where a walk starts.
struct WalkRoot {
  std::string path;  ///< A directory, absolute and canonical.
  /// The name by which the patterns know it, relative; "" when they are relative to it. Set when a
  /// link of that name leads there.
  std::string name = {};
  bool links = false;  ///< Report links behind which something could match.
};

/// Everything below the directory `base` (absolute, canonical) that a pattern matches, sorted by
/// path. A directory that matches is reported and not entered: who hides it hides all of it. Links
/// are never followed; one whose own name matches is reported. Directories in `skip` (absolute
/// paths: proc, sysfs, the like) are not entered, nor are those below which no pattern can match.
/// Paths may be longer than PATH_MAX.
///
/// The disk may change meanwhile: what vanishes is left out, what appears or is renamed may be
/// missed. Nothing else is: a directory that cannot be read for any reason but missing permission
/// fails the walk.
///
/// `threads` 0 means one per processor, two at most; further ones are started only when there is
/// work for them. All have ended on return.
/// Errors: kSystem and the others of FailErrno, with the directory at fault.
Result<std::vector<WalkMatch>> FindMatches(const WalkRoot& root,
                                           std::span<const WalkPattern> patterns, unsigned threads,
                                           std::span<const std::string> skip = {});
Result<std::vector<WalkMatch>> FindMatches(const std::string& base,
                                           std::span<const WalkPattern> patterns, unsigned threads,
                                           std::span<const std::string> skip = {});

}  // namespace ambit::os
