#pragma once

#include <string>
#include <vector>

#include "base/file_view.h"
#include "base/result.h"
#include "cli/load.h"
#include "config/config.h"
#include "policy/policy.h"

/// The places that ambit itself writes to. A command whose workspace happens to hold one may not
/// change it: it would grant itself more, or tell lies about what was denied.
namespace ambit::cli {

/// Where the record of denials lies: $XDG_STATE_HOME/ambit, else ~/.local/state/ambit; "" when
/// there is no home either. A relative $XDG_STATE_HOME counts for nothing, as its specification
/// says.
std::string StateDirectory(const Surroundings& around, const std::string& home);

/// One of them. It is closed as a whole, and each of `files` by its own name as well, for the case
/// that the directory is a workspace root itself.
struct OwnPlace {
  std::string path;  ///< Absolute, folded.
  std::vector<std::string> files;
  bool when_missing = false;  ///< Whether it is closed even while it does not exist.
  SourceRef from;
};

/// What `from` of the entry for the file of `--events` says.
inline constexpr const char* kEventsPlace = "--events";
/// The same for `--attest`.
inline constexpr const char* kAttestPlace = "--attest";

Result<std::vector<OwnPlace>> OwnPlaces(const config::Sources& sources,
                                        const PolicyOptions& options, const Surroundings& around);

/// A chosen profile made concrete, and our own places closed in it. What an entry names is left to
/// it. Errors: those of policy::Resolve, and a place whose name no entry can have.
Result<policy::Policy> ResolveProfile(const std::vector<OwnPlace>& own, config::Selected& selected,
                                      const policy::Surroundings& place, const FileView& files);

}  // namespace ambit::cli
