#pragma once

#include <string>

#include "base/file_view.h"
#include "base/result.h"
#include "cli/load.h"
#include "cli/smallest_change.h"
#include "policy/policy.h"

namespace ambit::cli {

/// What the policy says to a connection with one socket, and what would turn that round. Points
/// into the policy.
struct SocketAnswer {
  std::string asked;  ///< As written.
  RealPath path;      ///< Where it leads.
  policy::SocketDecision decision;
  policy::Decision file;  ///< What the file rules say about its place.
  Change change;
};

/// Decides as the broker does, about the socket that is there now. What a command makes itself
/// needs no rule. Relative paths and `~` as for Ask.
Result<SocketAnswer> AskSocket(const Loaded& loaded, const std::string& path,
                               const FileView& files);

/// What decided, and where it is written, in words for people.
std::string Reason(const policy::Policy& policy, const policy::SocketDecision& decision,
                   const policy::Decision& file);

/// Where the rule stands that decided: FILE:LINE, or nothing.
SourceRef SocketRulePlace(const policy::SocketDecision& decision, const policy::Decision& file);

/// What would turn the decision about the socket at the canonical `path` round.
Change SocketChange(const config::Selected& selected, const std::string& path,
                    const policy::SocketDecision& decision, const policy::Decision& file);

/// The answer as `explain` prints it.
std::string Text(const policy::Policy& policy, const SocketAnswer& answer);
std::string Json(const policy::Policy& policy, const SocketAnswer& answer);

}  // namespace ambit::cli
