#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "base/json_text.h"
#include "cli/command.h"
#include "cli/examine.h"
#include "cli/exit_status.h"
#include "cli/report.h"
#include "os/disk_view.h"
#include "os/probe.h"
#include "run/pattern_matches.h"

namespace ambit::cli {
namespace {

std::string_view Word(Severity severity) {
  return severity == Severity::kError ? "error" : "warning";
}

/// "FILE:LINE:COL: KIND: message", the form that editors understand.
std::string Line(const Finding& finding) {
  const std::string place = finding.where.file.empty() ? "" : ToString(finding.where) + ": ";
  return OneLine(fmt::format("{}{}: {}", place, Word(finding.severity), finding.message)) + '\n';
}

/// What became of a profile, in words for people.
std::string StateText(const ProfileState& state) {
  if (state.refused) return "refused: " + ToString(*state.refused);
  if (state.gaps.empty()) return "can be enforced on this host";
  return fmt::format("can be enforced on this host, but for {} gap{}", state.gaps.size(),
                     state.gaps.size() == 1 ? "" : "s");
}

std::string Counted(std::size_t count, std::string_view what) {
  return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

std::string Text(const Examination& found) {
  std::string out;
  for (const Finding& finding : found.findings.Sorted()) out += Line(finding);
  std::size_t width = 0;
  for (const ProfileState& state : found.profiles) {
    width = std::max(width, OneLine(state.name).size());
  }
  for (const ProfileState& state : found.profiles) {
    const char mark = state.refused ? '-' : state.is_default ? '*' : ' ';
    out +=
        fmt::format("{} {:<{}}  {}\n", mark, OneLine(state.name), width, OneLine(StateText(state)));
  }
  const std::size_t errors = found.findings.Count(Severity::kError);
  out += fmt::format("{}, {}; {} {} access\n", Counted(errors, "error"),
                     Counted(found.findings.Count(Severity::kWarning), "warning"),
                     Counted(found.widening, "key"), found.widening == 1 ? "widens" : "widen");
  if (errors == 0) out += OneLine("ok: " + found.choice) + '\n';
  return out;
}

std::string Json(const Finding& finding) {
  return fmt::format(R"({{"severity":{},"file":{},"line":{},"column":{},"message":{}}})",
                     JsonString(Word(finding.severity)), JsonString(finding.where.file),
                     finding.where.line, finding.where.column, JsonString(finding.message));
}

std::string Json(const ProfileState& state) {
  std::vector<std::string> gaps;
  gaps.reserve(state.gaps.size());
  for (const plan::Gap& gap : state.gaps) gaps.push_back(JsonString(GapText(gap)));
  return fmt::format(R"({{"name":{},"default":{},"enforceable":{},"refused":{},"gaps":[{}]}})",
                     JsonString(state.name), state.is_default, !state.refused,
                     state.refused ? JsonString(ToString(*state.refused)) : "null",
                     fmt::join(gaps, ","));
}

std::string Json(const Examination& found) {
  std::vector<std::string> findings, profiles;
  for (const Finding& finding : found.findings.Sorted()) findings.push_back(Json(finding));
  for (const ProfileState& state : found.profiles) profiles.push_back(Json(state));
  return fmt::format(
      "{{\"v\":1,\"ok\":{},\"profile\":{},\"widening_keys\":{},\"findings\":[{}],"
      "\"profiles\":[{}]}}\n",
      found.findings.Count(Severity::kError) == 0,
      found.profile.empty() ? "null" : JsonString(found.profile), found.widening,
      fmt::join(findings, ","), fmt::join(profiles, ","));
}

}  // namespace

int Check(const Options& options) {
  const os::DiskView files;
  const Host host{files, run::LookUpMatches, os::ProbeHost()};
  const Examination found = Examine(options.policy, CurrentSurroundings(), host);
  if (!Answer(options.json ? Json(found) : Text(found))) return kNegative;
  return found.findings.Count(Severity::kError) == 0 ? kSuccess : kNegative;
}

}  // namespace ambit::cli
