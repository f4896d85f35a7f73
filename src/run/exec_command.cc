#include "run/exec_command.h"

#include <cerrno>

#include "os/process_calls.h"

namespace ambit::run {

int ExecCommand(Prepared& prepared) {
  int best = -ENOENT;
  for (const std::string& candidate : prepared.candidates) {
    const int r = os::Exec(candidate.c_str(), prepared.argv.data(), prepared.envp.data());
    if (r == -ENOEXEC) {
      prepared.shell_argv[1] = const_cast<char*>(candidate.c_str());
      return os::Exec("/bin/sh", prepared.shell_argv.data(), prepared.envp.data());
    }
    if (r == -ENOENT || r == -ENOTDIR) continue;
    best = r;
    if (r != -EACCES) break;
  }
  return best;
}

int StatusOfExecFailure(int exec_errno) {
  constexpr int kNotExecutable = 126;
  constexpr int kNotFound = 127;
  return exec_errno == ENOENT || exec_errno == ENOTDIR ? kNotFound : kNotExecutable;
}

}  // namespace ambit::run
