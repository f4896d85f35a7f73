#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <string>

#include "audit/denial_record.h"
#include "audit/time_text.h"
#include "base/path_text.h"
#include "cli/command.h"
#include "cli/exit_status.h"
#include "cli/load.h"
#include "cli/own_places.h"
#include "cli/report.h"
#include "os/disk_view.h"

namespace ambit::cli {
namespace {

using audit::Recorded;

std::string Text(const Recorded& one) {
  const audit::Denial& denial = one.denial;
  std::string out = fmt::format("{}  {}  {}", audit::ToLocalTime(one.stamp.milliseconds),
                                OneLine(denial.operation), Printable(denial.object));
  out += one.count == 1 ? "\n" : fmt::format("  ({} times)\n", one.count);
  if (!denial.program.empty()) {
    out += fmt::format("  asked for by {}\n", Printable(denial.program));
  }
  out += fmt::format("  decided by   {}\n", OneLine(denial.reason));
  out += fmt::format("  to allow it  {}\n", OneLine(denial.advice));
  for (std::string_view rest = denial.grant; !rest.empty();) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    out += fmt::format("                 {}\n", OneLine(rest.substr(0, end)));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return out;
}

std::string Json(std::span<const Recorded> denials) {
  std::string out = "{\"denials\":[";
  for (const Recorded& one : denials) {
    if (&one != denials.data()) out += ',';
    out += '\n' + ToLine(one);
  }
  return out + (denials.empty() ? "" : "\n") + "]}\n";
}

Result<std::string> Newest(const Options& options) {
  const Surroundings around = CurrentSurroundings();
  const std::string directory = StateDirectory(around, HomeOf(around, os::DiskView()));
  if (directory.empty()) {
    return Fail(ErrorCode::kNotFound,
                "there is no home directory, so nothing is recorded; set HOME or XDG_STATE_HOME");
  }
  const std::string path = JoinPath(directory, audit::kRecordFile);
  AMBIT_TRY(const audit::Record record, audit::ReadRecord(path));
  if (record.damaged != 0 && !options.quiet) {
    Say(WarningLine({fmt::format("skipped {} line{} of '{}' that cannot be read", record.damaged,
                                 record.damaged == 1 ? "" : "s", Printable(path)),
                     {}}));
  }
  const std::span<const Recorded> all(record.denials);
  const auto newest = all.last(std::min(all.size(), options.last));
  if (options.json) return Json(newest);
  if (newest.empty() && !options.quiet) Say(NoteLine("no denials are recorded"));
  std::string out;
  for (const Recorded& one : newest) out += Text(one);
  return out;
}

}  // namespace

int Denials(const Options& options) { return AnswerOrRefuse(Newest(options)); }

}  // namespace ambit::cli
