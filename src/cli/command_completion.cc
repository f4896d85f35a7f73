#include "cli/command.h"
#include "cli/completion.h"
#include "cli/exit_status.h"
#include "cli/report.h"

namespace ambit::cli {

int Completion(const Options& options) {
  return Answer(CompletionScript(options.word)) ? kSuccess : kRefused;
}

}  // namespace ambit::cli
