#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/host_facts.h"
#include "base/result.h"
#include "plan/op.h"
#include "policy/policy.h"

namespace ambit::run {

struct Command {
  std::vector<std::string> argv;         ///< At least the program's name.
  std::vector<std::string> environment;  ///< NAME=value, final.
  std::vector<int> pass_fds;             ///< Kept open besides 0, 1 and 2.
};

/// Something that the policy did not let the command do.
struct Refusal {
  std::string operation;  ///< One word: "open", "create", "rename", …
  std::string path;       ///< Canonical.
  policy::Decision decision;
};

/// How long one step of the start took, for `--verbose` and the benchmark.
struct StepTime {
  std::string name;
  std::uint64_t microseconds = 0;
};

struct Finished {
  /// What the command's own status comes to: its exit code, 128+N for signal N, 126 when it could
  /// not be executed, 127 when it was not found.
  int exit_status = 0;
  /// Why the command could not be executed (126 and 127), or was ended by us. Empty otherwise.
  std::string problem;
  /// Processes the command left behind, which were ended with it.
  std::uint32_t stragglers = 0;
  std::vector<StepTime> steps;
};

/// Everything a run needs. `plan` was made from `policy` for `host`.
struct Job {
  const policy::Policy& policy;
  const plan::Plan& plan;
  const HostFacts& host;
  const Command& command;
  /// Told of refusals while the command runs, as far as they are known; may be empty.
  std::function<void(const Refusal&)> on_refusal;
};

/// Carries the plan out with the native engine, runs the command in it and waits for its end,
/// passing on signals and stops. An Error means that nothing of the command ran. Call it once, from
/// a process with one thread.
Result<Finished> Run(const Job& job);

}  // namespace ambit::run
