#include "cli/run_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "audit/denial_record.h"
#include "audit/time_text.h"
#include "base/path_text.h"
#include "cli/attestation.h"
#include "cli/exit_status.h"
#include "cli/network_proxy.h"
#include "cli/policy_hash.h"
#include "cli/refusal_text.h"
#include "cli/report.h"
#include "os/disk_view.h"
#include "os/process_info.h"

namespace ambit::cli {
namespace {

constexpr std::size_t kIdBytes = 8;
constexpr int kStandardError = 2;

/// Values that were given with -c may be secrets, and messages quote what they are about.
std::string WithoutValues(const Error& error) {
  if (error.where.file.starts_with("-c ") ||
      error.message.find(" after -c ") != std::string::npos) {
    return "withheld: it may quote a value that was given with -c";
  }
  return ToString(error);
}

std::string Times(std::uint64_t count) {
  return count == 1 ? "" : fmt::format(", {} times", count);
}

}  // namespace

Result<RunReport> RunReport::Open(const Options& options) {
  RunReport out(options);
  AMBIT_TRY(out.run_, os::RandomHex(kIdBytes));
  if (options.events_fd) {
    AMBIT_TRY(out.sink_, audit::EventSink::ToDescriptor(*options.events_fd));
  } else if (options.events_file) {
    AMBIT_TRY(out.sink_, audit::EventSink::ToFile(*options.events_file));
  }
  return out;
}

void RunReport::Prepare(const Loaded& loaded, Engine engine) {
  loaded_ = &loaded;
  if (!sink_.is_open()) return;
  const policy::Policy& policy = loaded.policy;
  to_come_ = audit::RunStarted{
      .profile = policy.profile,
      .policy_hash = PolicyHash(loaded),
      .engine = policy.unrestricted ? "none" : std::string(ToWord(engine)),
      .deny_mode = policy.deny_mode == config::DenyMode::kLive ? "live" : "snapshot",
      .verified = {}};
}

Result<> RunReport::Start(Engine engine, const std::vector<run::Proven>& proof) {
  if (!to_come_) return {};
  if (!loaded_->policy.unrestricted) to_come_->engine = ToWord(engine);
  to_come_->verified = Verified(proof);
  WriteStarted();
  if (sink_.problem()) return std::unexpected(*sink_.problem());
  return {};
}

void RunReport::WriteStarted() {
  if (!to_come_) return;
  sink_.Write(ToLine(audit::Stamp{audit::NowMilliseconds(), run_}, *to_come_));
  to_come_.reset();
}

void RunReport::Refuse(const run::Refusal& refusal) {
  if (!tally_.Count(refusal.operation, refusal.path, RulePlace(*loaded_, refusal))) return;
  audit::Denial denial = Describe(*loaded_, refusal, os::DiskView());
  const std::uint64_t now = audit::NowMilliseconds();
  if (sink_.is_open()) sink_.Write(ToLine(audit::Stamp{now, run_}, denial));
  tally_.Add(now, std::move(denial));
}

void RunReport::HearProxy(std::string_view text) {
  const std::optional<proxy::Record> record = RecordOf(text);
  if (!record) return;
  const std::uint64_t now = audit::NowMilliseconds();
  const audit::Stamp stamp{now, run_};
  if (sink_.is_open()) sink_.Write(ToLine(stamp, ConnectionOf(*record, loaded_->policy.profile)));
  if (record->allowed) return;
  audit::Denial denial = DenialOf(*record);
  if (!tally_.Count(denial.operation, denial.object, denial.rule)) return;
  refused_hosts_.push_back(denial.object);
  if (sink_.is_open()) sink_.Write(ToLine(stamp, denial));
  tally_.Add(now, std::move(denial));
}

void RunReport::Finish(int status) {
  WriteFinished(status, "");
  KeepRecord();
  SayDenials();
  SayRefusedHosts();
  SayLosses();
}

void RunReport::Fail(const Error& error) {
  // What stopped the start may be the events themselves; then that has been said.
  const bool known = sink_.problem().has_value();
  WriteFinished(kRefused, WithoutValues(error));
  if (!known) SayLosses();
}

void RunReport::WriteFinished(int status, std::string error) {
  if (!sink_.is_open()) return;
  // The sandbox could not be made, or was found wanting.
  WriteStarted();
  const auto spent = std::chrono::steady_clock::now() - start_;
  sink_.Write(ToLine(
      audit::Stamp{audit::NowMilliseconds(), run_},
      audit::RunFinished{.status = status,
                         .denials = tally_.total(),
                         .distinct = tally_.entries().size(),
                         .duration_ms = static_cast<std::uint64_t>(
                             std::chrono::duration_cast<std::chrono::milliseconds>(spent).count()),
                         .error = std::move(error)}));
}

void RunReport::KeepRecord() {
  if (tally_.entries().empty() || loaded_->state_directory.empty()) return;
  const std::string path = JoinPath(loaded_->state_directory, audit::kRecordFile);
  const Result<> kept = audit::AddToRecord(path, run_, loaded_->policy.profile, tally_);
  recorded_ = kept.has_value();
  if (!kept && options_->verbose) {
    Say(NoteLine("no record for 'ambit denials': " + kept.error().message));
  }
}

void RunReport::SayDenials() const {
  if (options_->verbose) {
    for (const audit::Tally::Entry& entry : tally_.entries()) {
      const audit::Denial& denial = entry.denial;
      Say(NoteLine(fmt::format("denied: {} '{}'{}: {}", denial.operation, Printable(denial.object),
                               Times(entry.count), denial.reason)));
    }
    return;
  }
  const std::size_t distinct = tally_.entries().size();
  if (distinct == 0 || options_->quiet || !os::IsTerminal(kStandardError)) return;
  Say(NoteLine(fmt::format("{} denial{}; see: {}", distinct, distinct == 1 ? "" : "s",
                           recorded_ ? "ambit denials" : "ambit run --verbose")));
}

/// Programs say little about why they could not connect, so this is said to everybody.
void RunReport::SayRefusedHosts() const {
  if (refused_hosts_.empty() || options_->quiet) return;
  constexpr std::size_t kMost = 5;
  const std::size_t shown = std::min(kMost, refused_hosts_.size());
  std::string line = "the network policy refused ";
  for (std::size_t i = 0; i < shown; ++i) {
    line += fmt::format("{}'{}'", i == 0 ? "" : ", ", Printable(refused_hosts_[i]));
  }
  if (shown < refused_hosts_.size()) {
    line += fmt::format(" and {} more", refused_hosts_.size() - shown);
  }
  Say(NoteLine(line + "; see: " + (recorded_ ? "ambit denials" : "ambit run --verbose")));
}

void RunReport::SayLosses() const {
  if (!sink_.problem() || options_->quiet) return;
  Say(WarningLine({sink_.problem()->message + "; later events of this run are lost", {}}));
}

}  // namespace ambit::cli
