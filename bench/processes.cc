#include "processes.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>

extern char** environ;

namespace bench {
namespace {

std::string ReadAll(int fd) {
  std::string text;
  std::array<char, 4096> part;
  for (;;) {
    const ssize_t n = ::read(fd, part.data(), part.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return text;
    text.append(part.data(), static_cast<std::size_t>(n));
  }
}

int StatusOf(int wait_status) {
  return WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : 128 + WTERMSIG(wait_status);
}

}  // namespace

Run Measure(const std::vector<std::string>& argv, const std::string& directory, bool keep_errors) {
  Run run;
  std::vector<char*> words;
  for (const std::string& word : argv) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);

  int ends[2] = {-1, -1};
  if (keep_errors && ::pipe2(ends, O_CLOEXEC) != 0) return run;
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addchdir_np(&actions, directory.c_str());
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
  if (keep_errors) {
    posix_spawn_file_actions_adddup2(&actions, ends[1], 2);
  } else {
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
  }

  const auto start = std::chrono::steady_clock::now();
  pid_t pid = -1;
  const int rc = ::posix_spawnp(&pid, words[0], &actions, nullptr, words.data(), environ);
  if (keep_errors) ::close(ends[1]);
  if (rc == 0) {
    if (keep_errors) run.errors = ReadAll(ends[0]);
    int wait_status = 0;
    rusage usage{};
    while (::wait4(pid, &wait_status, 0, &usage) < 0 && errno == EINTR) {
    }
    run.status = StatusOf(wait_status);
  } else {
    run.errors = std::strerror(rc);
  }
  const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - start;
  run.milliseconds = took.count();
  if (keep_errors) ::close(ends[0]);
  posix_spawn_file_actions_destroy(&actions);
  return run;
}

Spread SpreadOf(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const std::size_t last = values.size() - 1;
  return {values.front(), values[last / 2], values[last * 95 / 100]};
}

}  // namespace bench
