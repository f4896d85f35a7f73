#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "policy/policy.h"
#include "run/prepared.h"
#include "run/run.h"
#include "run/sandbox_init.h"

/// What a first process needs that is not forked but executed, as one text. Both ends are the same
/// program, so the text is good for nothing else.
namespace ambit::run {

/// Descriptors that are open in both processes, under the same numbers.
struct FirstStateFds {
  InitPipes pipes{};
  int hello = -1;   ///< Where the first process says who it is.
  int errors = -1;  ///< The caller's standard error.
  int progress = -1;
  int results = -1;
};

struct FirstState {
  policy::Policy policy;  ///< What decisions need of it.
  Prepared prepared;
  Command command;
  FirstStateFds fds;
};

/// Without the parts of `prepared` for mounting, and without the command in it.
std::string WriteFirstState(const policy::Policy& policy, const Prepared& prepared,
                            const Command& command, const FirstStateFds& fds);
/// Errors: the text is not one of WriteFirstState.
Result<FirstState> ReadFirstState(std::string_view text);

}  // namespace ambit::run
