#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "audit/event.h"
#include "audit/event_sink.h"
#include "audit/tally.h"
#include "base/result.h"
#include "cli/engine.h"
#include "cli/load.h"
#include "cli/options.h"
#include "run/run.h"

namespace ambit::cli {

/// What is told of one run: its events while it goes on, and at its end the record for
/// `ambit denials` and what people see on standard error.
class RunReport {
 public:
  /// Opens what `--events` names. Errors: it cannot be written to; then nothing may be started.
  static Result<RunReport> Open(const Options& options);

  /// The canonical path of the file that events go to; "" when they go nowhere or to no file.
  [[nodiscard]] std::string EventsFile() const { return sink_.path(); }

  /// Whether events go anywhere.
  [[nodiscard]] bool IsHeard() const { return sink_.is_open(); }

  /// A sandbox is about to be made, with `engine` first. `loaded` has to live until Finish.
  void Prepare(const Loaded& loaded, Engine engine);
  /// The sandbox stands, this was proven of it, and the command is about to start. Errors: the
  /// event cannot be written; nothing may be started.
  Result<> Start(Engine engine, const std::vector<run::Proven>& proof);
  /// The command was refused something.
  void Refuse(const run::Refusal& refusal);
  /// The proxy decided about a request of the command. `record`: see RecordOf.
  void HearProxy(std::string_view record);
  /// The command ended with `status`.
  void Finish(int status);
  /// ambit refused or failed before the command started.
  void Fail(const Error& error);

 private:
  explicit RunReport(const Options& options) : options_(&options) {}

  void WriteStarted();
  void WriteFinished(int status, std::string error);
  void KeepRecord();
  void SayDenials() const;
  void SayLosses() const;
  void SayRefusedHosts() const;

  const Options* options_;
  const Loaded* loaded_ = nullptr;
  /// The event that is still to be written. It outlives the policy it is about.
  std::optional<audit::RunStarted> to_come_;
  std::string run_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  audit::EventSink sink_;
  audit::Tally tally_;
  bool recorded_ = false;
  std::vector<std::string> refused_hosts_;  ///< In the order in which they were refused first.
};

}  // namespace ambit::cli
