#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/load.h"
#include "cli/options.h"
#include "cli/request_answer.h"
#include "cli/smallest_change.h"
#include "policy/network.h"

namespace ambit::cli {

/// What the policy says to one destination, and what would turn that round. Points into the policy.
struct ConnectAnswer {
  ConnectQuestion question;
  std::string target;  ///< The destination as it is decided on, or as written when it is none.
  bool allowed = false;
  policy::NetworkVerdict verdict;
  std::vector<const policy::HostRule*> beaten;  ///< Rules that cover it, but for the one that won.
  std::vector<IpAddress> dial;                  ///< The addresses that would be dialled.
  bool hooked = false;                          ///< A hook names the host.
  bool open = false;  ///< Allowed so far: nobody said what the name leads to.
  RequestAnswer request;
  Change change;
};

/// Decides as the proxy does. Nothing is looked up: without `resolves` an allowed name is left
/// `open`.
ConnectAnswer AskConnect(const Loaded& loaded, const ConnectQuestion& question);

/// What decided, and where it is written, in words for people.
std::string Reason(const ConnectAnswer& answer);

/// The answer as `explain` prints it.
std::string Text(const Loaded& loaded, const ConnectAnswer& answer);
std::string Json(const Loaded& loaded, const ConnectAnswer& answer);

}  // namespace ambit::cli
