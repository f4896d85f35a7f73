#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "config/node.h"
#include "config/select.h"

namespace ambit::config {

/// The most profiles one may stand on, itself included.
inline constexpr std::size_t kMaxLineage = 256;

/// A profile with its parents merged in.
struct Lineage {
  std::vector<std::string> names;  ///< Its own name first.
  Node merged;                     ///< Its table, parents' entries included.
};

/// Resolves `extends` of the profile `name`, which must be defined. Errors: kInvalidConfig for an
/// undefined or unsuitable parent, for a cycle, and for a `glob_scan_max_depth` of 0 on the way.
Result<Lineage> ResolveParents(const std::string& name, const Candidates& candidates);
/// The same, taking the tables out of `candidates`, whose names and places stay.
Result<Lineage> ResolveParents(const std::string& name, Candidates&& candidates);

}  // namespace ambit::config
