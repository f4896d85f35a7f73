#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/file_view.h"
#include "base/result.h"
#include "config/config.h"
#include "policy/policy.h"

namespace ambit::policy {

/// One workspace root.
struct Root {
  std::string path;   ///< Canonical.
  std::string given;  ///< Absolute and folded, links left alone.
  bool is_file = false;
  bool named = false;  ///< Asked for by a profile or a flag, not only where the command starts.
  SourceRef from;
  std::vector<RealPath::Crossed> crossed;
};

/// A rule that somebody asked for, with what was seen on the way to its canonical path.
struct Request {
  PathRule rule;
  std::string through_links;  ///< As spelled(), where that is not the canonical path.
  std::vector<RealPath::Crossed> crossed;
  bool open_grant = false;  ///< Absolute or home-relative: names its place openly.
  bool scoped = false;      ///< Came from a scoped table.
  bool lost = false;        ///< Without effect: a stronger request for the same path won.
  bool stands = false;      ///< Its rule is the policy's; of equals that is the first.

  /// Absolute and folded, links left alone.
  [[nodiscard]] const std::string& spelled() const {
    return crossed.empty() ? rule.path : through_links;
  }
};

/// A pattern with what was seen on the way to its base.
struct PatternRequest {
  PatternRule rule;
  std::string spelled;  ///< Its base before links were resolved.
  std::vector<RealPath::Crossed> crossed;
};

/// A policy in the making: each step of Resolve adds to it or checks it.
struct Draft {
  const config::Selected& selected;
  const Surroundings& around;
  const FileView& files;
  PathResolver paths = PathResolver(files);
  Policy policy = {};
  std::vector<Root> roots = {};
  std::vector<Request> requests = {};  ///< Once ties are settled: those that crossed a link.
  std::vector<PatternRequest> patterns = {};

  [[nodiscard]] const std::string& profile() const { return selected.profile.name; }
};

/// A request for `spelled` (absolute, folded): canonical path, kind and links are looked up.
Result<Request> MakeRequest(PathResolver& paths, const std::string& spelled, Access access);

/// A pattern below `spelled` (absolute, folded). `pattern` has been compiled before.
Result<PatternRequest> MakePattern(PathResolver& paths, const std::string& spelled,
                                   std::string_view pattern);

}  // namespace ambit::policy
