// Asks policy::Decide itself. The arguments are those of `ambit explain`, at least one question
// among them, which is not answered; the questions are canonical paths on standard input, each
// followed by a NUL. The answers are lines: "deny", "read" or "write". Exit status 125 when there
// is no policy, with the reason on standard error.

#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cli/load.h"
#include "cli/options.h"
#include "cli/step_timer.h"
#include "policy/policy.h"

namespace {

using namespace ambit;

std::string StandardInput() {
  std::string out;
  char buffer[4096];
  std::size_t got = 0;
  while ((got = std::fread(buffer, 1, sizeof buffer, stdin)) > 0) out.append(buffer, got);
  return out;
}

Result<cli::Loaded> Load(const std::vector<std::string_view>& arguments) {
  AMBIT_TRY(const cli::Options options, cli::ParseOptions(arguments));
  cli::StepTimer timer;
  return cli::LoadForThisHost(options.policy, cli::CurrentSurroundings(), timer);
}

std::string_view Answer(const policy::Policy& policy, std::string_view path) {
  if (policy.unrestricted) return "write";
  return policy::ToWord(policy::Decide(policy, path).access);
}

}  // namespace

int main(int argc, char** argv) {
  const Result<cli::Loaded> loaded = Load({argv + 1, argv + argc});
  if (!loaded) {
    std::fprintf(stderr, "%s\n", ToString(loaded.error()).c_str());
    return 125;
  }
  const std::string questions = StandardInput();
  for (std::string_view rest = questions; !rest.empty();) {
    const std::size_t end = rest.find('\0');
    const std::string_view answer = Answer(loaded->policy, rest.substr(0, end));
    std::printf("%.*s\n", static_cast<int>(answer.size()), answer.data());
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  }
  return std::fflush(stdout) == 0 ? 0 : 1;
}
