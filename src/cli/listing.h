#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/file_view.h"
#include "base/result.h"
#include "cli/load.h"
#include "cli/options.h"
#include "cli/own_places.h"
#include "config/assembly.h"
#include "config/config.h"
#include "policy/policy.h"

namespace ambit::cli {

/// One profile as it stands: what it says, and whether a command could be given it here.
struct Listed {
  std::string name;
  SourceRef from;                ///< Where it is defined.
  std::string description;       ///< Empty when there is none.
  std::string origin;            ///< "built-in", "configured" or "managed"
  bool is_default = false;       ///< A command gets it when nothing names another.
  std::optional<Error> refused;  ///< Why `-P NAME` would not start anything here.
};

/// Every profile of the configuration and the requirements, built-ins first.
struct Listing {
  config::Sources sources;
  policy::Surroundings place;
  std::vector<OwnPlace> own;
  config::Assembly assembly;
  std::vector<Listed> profiles;
  std::string default_how;               ///< For people: what chose the default.
  std::optional<Error> without_default;  ///< Why a command gets none unless one is named.
};

/// Reads the configuration and asks of every profile what a start would be told.
Result<Listing> ListProfiles(const PolicyOptions& options, const Surroundings& around,
                             const FileView& files);

/// The names of all profiles: built-ins, then the others in order.
std::vector<std::string> ProfileNames(const config::Candidates& candidates);

/// `sources` with `name` asked for as -P would.
config::Sources Naming(config::Sources sources, std::string name);

/// One profile in full, parents merged in.
struct Shown {
  Listed listed;
  std::vector<std::string> lineage;  ///< Its own name first.
  config::Node table;                ///< Without `extends`.
};

/// The profile `name`, or the one that a command would get. Errors: there is none of that name, its
/// parents cannot be resolved.
Result<Shown> ShowProfile(const Listing& listing, const std::optional<std::string>& name);

/// What `profiles list` and `profiles show` print.
std::string ListText(const Listing& listing);
std::string ListJson(const Listing& listing);
Result<std::string> ShowText(const Listing& listing, const Shown& shown);
Result<std::string> ShowJson(const Shown& shown);
/// A profile table that needs no other: loading it gives the same policy.
Result<std::string> ShowToml(const Shown& shown);

}  // namespace ambit::cli
