#include "os/poll_calls.h"

#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace ambit::os {
namespace {

int Control(int poll, int operation, int fd, void* tag, std::uint32_t events) {
  epoll_event event{};
  event.events = events;
  event.data.ptr = tag;
  return ::epoll_ctl(poll, operation, fd, &event) == 0 ? 0 : -errno;
}

}  // namespace

Result<UniqueFd> MakePoll() {
  UniqueFd fd(::epoll_create1(EPOLL_CLOEXEC));
  if (!fd.valid()) return FailErrno(errno, "cannot make an epoll descriptor");
  return fd;
}

int WatchChanges(int poll, int fd, void* tag) {
  return Control(poll, EPOLL_CTL_ADD, fd, tag, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET);
}

int WatchReadable(int poll, int fd, void* tag) {
  return Control(poll, EPOLL_CTL_ADD, fd, tag, EPOLLIN);
}

int Unwatch(int poll, int fd) { return Control(poll, EPOLL_CTL_DEL, fd, nullptr, 0); }

int WatchLevel(int poll, int fd, void* tag, bool readable, bool writable, bool known) {
  const std::uint32_t events =
      (readable ? std::uint32_t{EPOLLIN} : 0U) | (writable ? std::uint32_t{EPOLLOUT} : 0U);
  return Control(poll, known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, tag, events);
}

int Poll(int poll, std::span<Readiness> out, int timeout_ms) {
  std::array<epoll_event, 128> events;
  const int room = static_cast<int>(std::min(events.size(), out.size()));
  const int count = ::epoll_wait(poll, events.data(), room, timeout_ms);
  if (count < 0) return errno == EINTR ? 0 : -errno;
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events[static_cast<std::size_t>(i)];
    Readiness& ready = out[static_cast<std::size_t>(i)];
    ready.tag = event.data.ptr;
    const bool broken = (event.events & (EPOLLERR | EPOLLHUP)) != 0;
    ready.closing = (event.events & EPOLLRDHUP) != 0 || broken;
    ready.readable = (event.events & EPOLLIN) != 0 || ready.closing;
    ready.writable = (event.events & EPOLLOUT) != 0 || broken;
  }
  return count;
}

}  // namespace ambit::os
