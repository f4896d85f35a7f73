#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <utility>
#include <vector>

#include "base/result.h"
#include "os/poll_calls.h"
#include "os/unique_fd.h"

namespace ambit::proxy {

/// What events may still reach after it is no longer wanted, see Loop::Bury.
class Disposable {
 public:
  virtual ~Disposable() = default;
};

/// Told when a descriptor becomes ready.
class Watcher : public Disposable {
 public:
  virtual void OnReady(const os::Readiness& ready) = 0;
};

class Timer;

/// Waits for descriptors and times on one thread.
class Loop {
 public:
  static Result<std::unique_ptr<Loop>> Make();

  /// Until Stop is called.
  Result<> Run();
  void Stop() { stopped_ = true; }

  /// Each change once. False: the kernel refuses.
  [[nodiscard]] bool WatchChanges(int fd, Watcher& watcher);
  /// As long as it can be read. False: the kernel refuses.
  [[nodiscard]] bool WatchReadable(int fd, Watcher& watcher);
  void Unwatch(int fd);
  [[nodiscard]] int poll() const { return poll_.get(); }

  /// Destroys `object` once no event that has been fetched already can still reach it.
  void Bury(std::unique_ptr<Disposable> object);
  /// CLOCK_MONOTONIC in microseconds, when the present events were fetched.
  [[nodiscard]] std::uint64_t now() const { return now_; }

 private:
  friend class Timer;
  explicit Loop(os::UniqueFd poll);
  void FireTimers();
  [[nodiscard]] int TimeoutMs() const;

  os::UniqueFd poll_;
  bool stopped_ = false;
  std::uint64_t now_ = 0;
  std::set<std::pair<std::uint64_t, Timer*>> timers_;
  std::vector<std::unique_ptr<Disposable>> buried_;
};

/// Calls back once, some time after Set. Setting it later again costs next to nothing.
class Timer {
 public:
  Timer(Loop& loop, std::function<void()> fire) : loop_(loop), fire_(std::move(fire)) {}
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;
  ~Timer();

  void SetMs(std::uint64_t after);
  void Clear() { wanted_ = 0; }
  [[nodiscard]] bool is_set() const { return wanted_ != 0; }

 private:
  friend class Loop;
  void Schedule(std::uint64_t at);

  Loop& loop_;
  std::function<void()> fire_;
  std::uint64_t wanted_ = 0;     ///< When to fire; 0: not at all.
  std::uint64_t scheduled_ = 0;  ///< When the loop looks at it next, at most `wanted_`; 0: never.
};

}  // namespace ambit::proxy
