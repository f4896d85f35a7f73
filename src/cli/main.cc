#include <malloc.h>

#include <cstdio>
#include <exception>
#include <limits>
#include <string_view>
#include <vector>

#include "cli/command.h"
#include "cli/exit_status.h"
#include "cli/help.h"
#include "cli/options.h"
#include "cli/report.h"
#include "run/first_process.h"

namespace ambit::cli {
namespace {

int Dispatch(const Options& options) {
  switch (options.command) {
    case CommandName::kRun:
      return Run(options);
    case CommandName::kPlan:
      return Plan(options);
    case CommandName::kExplain:
      return Explain(options);
    case CommandName::kCheck:
      return Check(options);
    case CommandName::kProfiles:
      return Profiles(options);
    case CommandName::kVerify:
      return Verify(options);
    case CommandName::kDoctor:
      return Doctor(options);
    case CommandName::kProxy:
      return Proxy(options);
    case CommandName::kTrust:
      return Trust(options);
    case CommandName::kUntrust:
      return Untrust(options);
    case CommandName::kDenials:
      return Denials(options);
    case CommandName::kConnect:
      return Connect(options);
    case CommandName::kCompletion:
      return Completion(options);
    case CommandName::kHelp:
      return Answer(HelpText(options.help_subject)) ? kSuccess : kRefused;
    case CommandName::kVersion:
      return Answer(VersionText()) ? kSuccess : kRefused;
  }
  return kRefused;
}

int Main(const std::vector<std::string_view>& arguments) {
  const Result<Options> options = ParseOptions(arguments);
  if (options) return Dispatch(*options);
  Say(ErrorLine(options.error()));
  return UsageStatus(arguments);
}

/// A command's start is short: memory that was freed is used again, not given back to be faulted in
/// anew. With 100 000 rules that is a seventh of the time. Source: mallopt(3).
void KeepFreedMemory() {
  constexpr int kLargest = 32 << 20;  // what glibc takes for the first
  mallopt(M_MMAP_THRESHOLD, kLargest);
  mallopt(M_TRIM_THRESHOLD, std::numeric_limits<int>::max());
}

}  // namespace
}  // namespace ambit::cli

int main(int argc, char** argv) {
  ambit::cli::KeepFreedMemory();
  // Nothing of ours throws, but the standard library does when memory runs out: that is a refusal
  // like any other, never a crash.
  try {
    if (argc == 3 && argv[1] == ambit::run::kFirstProcessWord) {
      return ambit::run::RunFirstProcess(argv[2]);
    }
    return ambit::cli::Main({argv + (argc > 0 ? 1 : 0), argv + argc});
  } catch (const std::exception& problem) {
    static_cast<void>(std::fprintf(stderr, "ambit: error: %s\n", problem.what()));
    return ambit::cli::kRefused;
  }
}
