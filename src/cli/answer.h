#pragma once

#include "base/file_view.h"
#include "base/result.h"
#include "cli/load.h"
#include "cli/options.h"
#include "policy/policy.h"

namespace ambit::cli {

/// A question and what the policy says to it. Points into the policy.
struct Answered {
  Question question;
  RealPath path;  ///< Where it leads.
  policy::Decision decision;
  bool allowed = false;
};

/// Asks the policy. A relative path is taken from the directory the command starts in, `~` from the
/// user's home.
Result<Answered> Ask(const Loaded& loaded, const Question& question, const FileView& files);

/// "read" or "write".
std::string_view Verb(const Question& question);

/// The rule that decided, and where it is written, in words for people.
std::string Reason(const policy::Policy& policy, const policy::Decision& decision);

/// A rule and where it is written.
std::string RuleWithPlace(const policy::PathRule& rule);

}  // namespace ambit::cli
