#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/host_facts.h"
#include "base/result.h"
#include "os/unique_fd.h"
#include "plan/op.h"
#include "policy/policy.h"
#include "run/namespace_holder.h"
#include "run/proof.h"
#include "run/proxy_process.h"

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
  std::optional<policy::SocketDecision> socket = {};  ///< Where it is about a socket.
};

/// What was tried from inside before the command, and what it came to.
struct Proven {
  Witness witness;
  int result = kNotTried;  ///< >= 0: it worked; -errno.
  Verdict verdict = Verdict::kUntold;
};

/// A file that the command finds in kOwnFiles, and that is nowhere else.
struct OwnFile {
  std::string name;
  std::string text;
};
/// A directory of the sandbox's own memory, which nobody in it can change.
inline constexpr std::string_view kOwnFiles = "/dev/ambit";

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
  std::vector<Proven> proof;
};

/// Everything a run needs. `plan` was made from `policy` for `host`.
struct Job {
  const policy::Policy& policy;
  const plan::Plan& plan;
  const HostFacts& host;
  const Command& command;
  /// Told of refusals while the command runs, as far as they are known; may be empty.
  std::function<void(const Refusal&)> on_refusal;
  /// Told before the command starts what was proven; where it fails, the command is not run. May be
  /// empty.
  std::function<Result<>(const std::vector<Proven>&)> on_proven = {};
  /// bwrap makes the namespaces and the view; the plan was made for coarse mounts.
  bool through_bwrap = false;
  /// Namespaces that are being made already; may be null.
  NamespaceHolder* namespaces = nullptr;
  bool prove_all = false;  ///< Every rule has a witness, not only some of each kind.
  /// The command is not run: the run ends after the proof, with status 0 also where a rule is
  /// broken.
  bool only_prove = false;
  /// What a plan with a proxied network needs: the proxy itself, and the ports of its doors, which
  /// the command's environment already tells. Without it such a plan is refused.
  ProxyBody proxy = {};
  ProxyDoors doors = {};
  std::function<void(std::string_view)> on_proxy_record = {};
  /// What the proxy may read and nobody else: closed in the sandbox, and here before the command
  /// starts. May be null.
  os::UniqueFd* secrets = nullptr;
  /// Asked before the sandbox is made, with the certificate of the proxy, where
  /// ProxyDoors::certificate says that there is one.
  std::function<Result<std::vector<OwnFile>>(std::string_view)> own_files = {};
};

/// Carries the plan out, runs the command in it and waits for its end,
/// passing on signals and stops. Before, it is tried from inside what the rules forbid; where one
/// does not hold, the command is not run. An Error means that nothing of the command ran. Call it
/// once, from a process with one thread.
Result<Finished> Run(const Job& job);

}  // namespace ambit::run
