#include <fmt/format.h>

#include "base/json_text.h"
#include "base/path_text.h"
#include "cli/command.h"
#include "cli/exit_status.h"
#include "cli/load.h"
#include "cli/report.h"
#include "os/disk_view.h"

namespace ambit::cli {
namespace {

/// What was found out, up to the first problem.
struct Finding {
  std::optional<Error> problem;
  std::vector<config::Notice> warnings;
  std::string profile;  ///< Empty when none could be selected.
  std::string choice;   ///< For people: which profile, and why.
};

Finding Examine(const Options& options) {
  StepTimer timer;
  Finding found;
  const os::DiskView files;
  const Result<Loaded> loaded = LoadPolicy(options.policy, CurrentSurroundings(), files, timer);
  if (!loaded) {
    found.problem = loaded.error();
    return found;
  }
  found.warnings = loaded->policy.notices;
  found.profile = loaded->policy.profile;
  found.choice = loaded->Choice();
  if (const Result<Planned> plan = MakePlan(*loaded, timer); !plan) {
    found.problem = plan.error();
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
  if (found.problem) return out + Line(found.problem->where, "error", found.problem->message);
  return out + OneLine("ok: " + found.choice + "; this host can enforce it") + '\n';
}

std::string Entry(const SourceRef& where, std::string_view severity, std::string_view message) {
  return fmt::format("{{\"severity\":{},\"file\":{},\"line\":{},\"column\":{},\"message\":{}}}",
                     JsonString(severity), JsonString(where.file), where.line, where.column,
                     JsonString(message));
}

std::string Json(const Finding& found) {
  std::vector<std::string> entries;
  for (const config::Notice& warning : found.warnings) {
    entries.push_back(Entry(warning.where, "warning", warning.message));
  }
  if (found.problem) {
    entries.push_back(Entry(found.problem->where, "error", found.problem->message));
  }
  return fmt::format("{{\"v\":1,\"ok\":{},\"profile\":{},\"findings\":[{}]}}\n", !found.problem,
                     found.profile.empty() ? "null" : JsonString(found.profile),
                     fmt::join(entries, ","));
}

}  // namespace

int Check(const Options& options) {
  const Finding found = Examine(options);
  if (!Answer(options.json ? Json(found) : Text(found))) return kNegative;
  return found.problem ? kNegative : kSuccess;
}

}  // namespace ambit::cli
