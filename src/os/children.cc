#include "os/children.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <string_view>

#include "os/file_calls.h"
#include "os/process_calls.h"
#include "os/unique_fd.h"

namespace ambit::os {
namespace {

constexpr int kPauseMs = 1;

/// Nobody else reaps our children, so the number of one stays that child's.
int EndOne(int child) { return ::kill(child, SIGKILL) < 0 && errno != ESRCH ? -errno : 0; }

/// Sends SIGKILL to the processes whose numbers are read from `fd`, with a space behind each.
int EndListed(int fd) {
  char piece[512];
  int number = 0;
  for (;;) {
    const ssize_t length = ::read(fd, piece, sizeof piece);
    if (length <= 0) return length < 0 ? -errno : 0;
    for (ssize_t i = 0; i < length; ++i) {
      if (piece[i] >= '0' && piece[i] <= '9') {
        number = number * 10 + (piece[i] - '0');
        continue;
      }
      if (const int r = number > 0 ? EndOne(number) : 0; r < 0) return r;
      number = 0;
    }
  }
}

/// The number at the beginning of `text`; 0 when there is none.
int Number(std::string_view text) {
  int out = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') break;
    out = out * 10 + (c - '0');
  }
  return out;
}

/// The parent of the process whose directory in /proc is called `name`; 0 when it is gone.
int ParentOf(int proc, const char* name) {
  const UniqueFd dir(::openat(proc, name, O_PATH | O_DIRECTORY | O_CLOEXEC));
  const UniqueFd file(::openat(dir.get(), "stat", O_RDONLY | O_CLOEXEC));
  char bytes[512];
  const ssize_t length = ::read(file.get(), bytes, sizeof bytes);
  if (length <= 0) return 0;
  // "1 (name) S 2 …", where the name may hold anything (proc_pid_stat(5)).
  const std::string_view text(bytes, static_cast<std::size_t>(length));
  const std::size_t end = text.rfind(')');
  return end == std::string_view::npos ? 0 : Number(text.substr(std::min(end + 4, text.size())));
}

/// The same without the list.
int EndFound() {
  const UniqueFd proc(::open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!proc.valid()) return -errno;
  const int self = ::getpid();
  DirectoryReader reader;
  for (;;) {
    if (const int r = reader.Fill(proc.get()); r <= 0) return r;
    DirectoryEntry entry;
    while (reader.Next(entry)) {
      const int number = Number(entry.name);
      if (number == 0 || ParentOf(proc.get(), entry.name) != self) continue;
      if (const int r = EndOne(number); r < 0) return r;
    }
  }
}

int EndThoseThereAre(const char* list) {
  const UniqueFd listed(::open(list, O_RDONLY | O_CLOEXEC));
  return listed.valid() ? EndListed(listed.get()) : EndFound();
}

/// 0 when there is no child left, 1 when there is.
int ReapEnded() {
  for (;;) {
    siginfo_t info{};
    if (::waitid(P_ALL, 0, &info, WEXITED | WNOHANG) < 0) {
      if (errno == EINTR) continue;
      return errno == ECHILD ? 0 : -errno;
    }
    if (info.si_pid == 0) return 1;
  }
}

}  // namespace

int EndChildren(const char* list, int timeout_ms) {
  const std::uint64_t start = NowMicroseconds();
  for (;;) {
    if (const int left = ReapEnded(); left <= 0) return left;
    if (const int r = EndThoseThereAre(list); r < 0) return r;
    if (timeout_ms >= 0 &&
        NowMicroseconds() - start > static_cast<std::uint64_t>(timeout_ms) * 1000) {
      return -ETIMEDOUT;
    }
    // The list may leave some out while it changes, and those who end leave us their children.
    ::poll(nullptr, 0, kPauseMs);
  }
}

}  // namespace ambit::os
