#include "proxy/loop.h"

#include <algorithm>
#include <array>
#include <limits>

#include "os/process_calls.h"

namespace ambit::proxy {

Loop::Loop(os::UniqueFd poll) : poll_(std::move(poll)), now_(os::NowMicroseconds()) {}

Result<std::unique_ptr<Loop>> Loop::Make() {
  AMBIT_TRY(os::UniqueFd poll, os::MakePoll());
  return std::unique_ptr<Loop>(new Loop(std::move(poll)));
}

bool Loop::WatchChanges(int fd, Watcher& watcher) {
  return os::WatchChanges(poll_.get(), fd, &watcher) == 0;
}

bool Loop::WatchReadable(int fd, Watcher& watcher) {
  return os::WatchReadable(poll_.get(), fd, &watcher) == 0;
}

void Loop::Unwatch(int fd) { static_cast<void>(os::Unwatch(poll_.get(), fd)); }

void Loop::Bury(std::unique_ptr<Disposable> object) {
  if (object) buried_.push_back(std::move(object));
}

int Loop::TimeoutMs() const {
  if (timers_.empty()) return -1;
  const std::uint64_t at = timers_.begin()->first;
  // Not now_, which is from before the events: what is due meanwhile must not wait a millisecond.
  const std::uint64_t now = os::NowMicroseconds();
  if (at <= now) return 0;
  return static_cast<int>(std::min<std::uint64_t>((at - now + 999) / 1000, 60'000));
}

void Loop::FireTimers() {
  while (!timers_.empty() && timers_.begin()->first <= now_) {
    Timer& timer = *timers_.begin()->second;
    timers_.erase(timers_.begin());
    timer.scheduled_ = 0;
    if (timer.wanted_ == 0) continue;
    if (timer.wanted_ > now_) {
      timer.Schedule(timer.wanted_);
      continue;
    }
    timer.wanted_ = 0;
    timer.fire_();
  }
}

Result<> Loop::Run() {
  std::array<os::Readiness, 128> ready;
  while (!stopped_) {
    const int count = os::Poll(poll_.get(), ready, TimeoutMs());
    if (count < 0) return FailErrno(-count, "cannot wait for events");
    now_ = os::NowMicroseconds();
    for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) {
      static_cast<Watcher*>(ready[i].tag)->OnReady(ready[i]);
    }
    FireTimers();
    // What is buried now may bury more while it goes.
    while (!buried_.empty()) std::exchange(buried_, {}).clear();
  }
  return {};
}

Timer::~Timer() {
  if (scheduled_ != 0) loop_.timers_.erase({scheduled_, this});
}

void Timer::Schedule(std::uint64_t at) {
  if (scheduled_ != 0) loop_.timers_.erase({scheduled_, this});
  scheduled_ = at;
  loop_.timers_.insert({at, this});
}

void Timer::SetMs(std::uint64_t after) {
  // At least one microsecond ahead, so that a timer that sets itself again lets others come first.
  wanted_ = loop_.now() + std::max<std::uint64_t>(after * 1000, 1);
  if (scheduled_ == 0 || scheduled_ > wanted_) Schedule(wanted_);
}

}  // namespace ambit::proxy
