#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cli/engine.h"
#include "cli/load.h"
#include "run/run.h"

namespace ambit::cli {

/// What is to be done in a sandbox, whichever engine makes it. The members are those of run::Job.
struct Errand {
  const policy::Policy& policy;
  const run::Command& command;
  std::function<void(const run::Refusal&)> on_refusal = {};
  std::function<Result<>(Engine, const std::vector<run::Proven>&)> on_proven = {};
  run::NamespaceHolder* namespaces = nullptr;
  bool prove_all = false;
  bool only_prove = false;
  run::ProxyBody proxy = {};
  run::ProxyDoors doors = {};
  std::function<void(std::string_view)> on_proxy_record = {};
  os::UniqueFd* secrets = nullptr;
  std::function<Result<std::vector<run::OwnFile>>(std::string_view)> own_files = {};
};

/// Runs with the first engine of `planned` that this host lets be used; each says so before
/// anything of the command has run. Errors: those of run::Run, of every engine that was tried.
Result<run::Finished> RunWithBest(const Planned& planned, const Errand& errand);

}  // namespace ambit::cli
