#include <fmt/format.h>

#include <optional>
#include <string>
#include <vector>

#include "base/json_text.h"
#include "base/path_text.h"
#include "cli/answer.h"
#include "cli/command.h"
#include "cli/exit_status.h"
#include "cli/load.h"
#include "cli/report.h"
#include "os/disk_view.h"

namespace ambit::cli {
namespace {

/// What was found out.
struct Finding {
  std::vector<Error> problems;
  std::vector<config::Notice> warnings;
  std::string profile;  ///< Empty when none could be selected.
  std::string choice;   ///< For people: which profile, and why.
};

/// The answer to one of the profile's `tests`, when it is not the expected one.
std::optional<Error> Mistaken(const Loaded& loaded, const config::ProfileTest& test,
                              const FileView& files) {
  using Kind = config::ProfileTest::Question;
  if (test.question != Kind::kRead && test.question != Kind::kWrite) {
    return Error{ErrorCode::kUnsupported,
                 "'" + Printable(test.object) +
                     "': only tests with read or write can be answered; take this one out",
                 0, test.from};
  }
  const Question question{test.question == Kind::kWrite, test.object};
  const Result<Answered> answer = Ask(loaded, question, files);
  if (!answer) return answer.error();
  if (answer->allowed == test.expect_allow) return std::nullopt;
  return Error{
      ErrorCode::kInvalidConfig,
      fmt::format("expected {} '{}' to be {}, but it is {} by {}", Verb(question),
                  Printable(test.object), test.expect_allow ? "allowed" : "denied",
                  answer->allowed ? "allowed" : "denied", Reason(loaded.policy, answer->decision)),
      0, test.from};
}

Finding Examine(const Options& options) {
  StepTimer timer;
  Finding found;
  const os::DiskView files;
  const Result<Loaded> loaded = LoadForThisHost(options.policy, CurrentSurroundings(), timer);
  if (!loaded) {
    found.problems.push_back(loaded.error());
    return found;
  }
  found.warnings = loaded->policy.notices;
  found.profile = loaded->policy.profile;
  found.choice = loaded->Choice();
  for (const config::ProfileTest& test : loaded->selected.profile.tests) {
    if (auto problem = Mistaken(*loaded, test, files)) found.problems.push_back(*problem);
  }
  const Result<Planned> planned = MakePlan(*loaded, timer);
  if (!planned) {
    found.problems.push_back(planned.error());
    return found;
  }
  for (const plan::Gap& gap : planned->plan.gaps) {
    found.warnings.push_back({"not enforced: " + gap.what, gap.from});
  }
  return found;
}

/// "FILE:LINE:COL: KIND: message", the form that editors understand.
std::string Line(const SourceRef& where, std::string_view kind, std::string_view message) {
  const std::string place = where.file.empty() ? "" : ToString(where) + ": ";
  return OneLine(fmt::format("{}{}: {}", place, kind, message)) + '\n';
}

std::string Text(const Finding& found) {
  std::string out;
  for (const config::Notice& warning : found.warnings) {
    out += Line(warning.where, "warning", warning.message);
  }
  for (const Error& problem : found.problems) out += Line(problem.where, "error", problem.message);
  if (found.problems.empty()) out += OneLine("ok: " + found.choice) + '\n';
  return out;
}

std::string Entry(const SourceRef& where, std::string_view severity, std::string_view message) {
  return fmt::format("{{\"severity\":{},\"file\":{},\"line\":{},\"column\":{},\"message\":{}}}",
                     JsonString(severity), JsonString(where.file), where.line, where.column,
                     JsonString(message));
}

std::string Json(const Finding& found) {
  std::vector<std::string> entries;
  entries.reserve(found.warnings.size() + found.problems.size());
  for (const config::Notice& warning : found.warnings) {
    entries.push_back(Entry(warning.where, "warning", warning.message));
  }
  for (const Error& problem : found.problems) {
    entries.push_back(Entry(problem.where, "error", problem.message));
  }
  return fmt::format(
      "{{\"v\":1,\"ok\":{},\"profile\":{},\"findings\":[{}]}}\n", found.problems.empty(),
      found.profile.empty() ? "null" : JsonString(found.profile), fmt::join(entries, ","));
}

}  // namespace

int Check(const Options& options) {
  const Finding found = Examine(options);
  if (!Answer(options.json ? Json(found) : Text(found))) return kNegative;
  return found.problems.empty() ? kSuccess : kNegative;
}

}  // namespace ambit::cli
