#pragma once

#include <string_view>

#include "base/result.h"
#include "os/unique_fd.h"
#include "plan/op.h"
#include "policy/policy.h"
#include "run/keepers.h"
#include "run/prepared.h"
#include "run/run.h"
#include "run/sandbox_init.h"

namespace ambit::run {

/// The sandbox's first process, made by bwrap.
struct LaunchedInit {
  os::UniqueFd init;     ///< Its pidfd. It is no child of ours.
  Keepers keepers;       ///< Those who started bwrap.
  int early_signal = 0;  ///< The signal that ended it before it had begun; 0 otherwise.
};

/// Where bwrap is looked for. Never in PATH, which is the caller's to set.
inline constexpr std::string_view kBwrapPlaces[] = {"/usr/bin/bwrap", "/usr/local/bin/bwrap"};

/// The first bwrap that is there. Errors: kUnsupported: there is none, or anybody but root could
/// have changed it.
Result<os::SystemProgram> FindBwrap();

struct Launch {
  const plan::Plan& plan;
  const policy::Policy& policy;
  const Command& command;
  Prepared& prepared;
  InitPipes pipes;
  int progress = -1;  ///< Descriptors of the shared memory.
  int results = -1;
  int outside = -1;  ///< The pidfd that the witnesses have.
  int signals = -1;  ///< A signalfd: one that ends us ends the launch.
};

/// Has bwrap make the namespaces and the coarse mounts of the plan, and execute this program again
/// inside (RunFirstProcess). Fills in prepared.view. Errors: kUnsupported with what bwrap says.
Result<LaunchedInit> LaunchThroughBwrap(const Launch& launch);

}  // namespace ambit::run
