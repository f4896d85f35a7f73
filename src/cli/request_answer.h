#pragma once

#include <string>
#include <utility>
#include <vector>

#include "cli/options.h"
#include "policy/http_rules.h"

namespace ambit::cli {

/// What the rules for single requests say about a destination, and about one request to it when the
/// question has one. Points into the policy.
struct RequestAnswer {
  policy::Interception interception = policy::Interception::kNone;
  bool asked = false;  ///< A request was asked about.
  policy::HttpVerdict verdict;
  std::string method, path;

  [[nodiscard]] bool allowed() const { return !asked || verdict.allowed(); }
};

/// For a destination that the rules for hosts allow. The request is one without fields and body.
RequestAnswer AskRequest(const policy::HttpRules& rules, const policy::Destination& to,
                         const ConnectQuestion& question);

/// Labels and texts for people, in order.
std::vector<std::pair<std::string, std::string>> Lines(const RequestAnswer& answer,
                                                       const policy::HttpRules& rules);
/// "none", "tls" or "every request".
std::string_view ToWord(policy::Interception interception);
/// An object, or null when no request was asked about.
std::string Json(const RequestAnswer& answer, const policy::HttpRules& rules);

}  // namespace ambit::cli
