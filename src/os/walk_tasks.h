#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <iterator>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "os/unique_fd.h"

/// The work that the threads of a directory walk share (walk.cc only).
namespace ambit::os {

/// A directory that is being or was read. Lives until its last subdirectory has been opened.
struct Directory {
  Directory(UniqueFd opened, std::string path, std::uint32_t level, std::atomic<int>& held_open)
      : fd(std::move(opened)), relative(std::move(path)), depth(level), held(held_open) {
    ++held;
  }
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;
  ~Directory() { Close(); }

  void Close() {
    if (!fd.valid()) return;
    fd.Reset();
    --held;
  }

  UniqueFd fd;
  std::string relative;  ///< Below the base; "" for the base itself.
  std::uint32_t depth;   ///< Components of `relative`.
  std::atomic<int>& held;
};

/// A directory that is still to be read; `parent` is null for the base.
struct Task {
  std::shared_ptr<const Directory> parent;
  std::string name;
};

/// The directories that wait, last in first out: depth first keeps few of them open.
class TaskStack {
 public:
  /// Adds `tasks` and empties it.
  void Push(std::vector<Task>& tasks) {
    if (tasks.empty()) return;
    const std::lock_guard lock(mutex_);
    std::move(tasks.begin(), tasks.end(), std::back_inserter(waiting_));
    if (idle_ > 0) changed_.notify_all();
    tasks.clear();
  }

  /// The next task, or nothing when all is done or somebody failed. The task before it is over.
  std::optional<Task> Next(bool first_call) {
    std::unique_lock lock(mutex_);
    if (!first_call) --running_;
    ++idle_;
    changed_.wait(lock, [this] { return !waiting_.empty() || running_ == 0 || error_; });
    --idle_;
    if (error_ || waiting_.empty()) {
      changed_.notify_all();
      return std::nullopt;
    }
    ++running_;
    Task task = std::move(waiting_.back());
    waiting_.pop_back();
    return task;
  }

  void Abort(Error error) {
    const std::lock_guard lock(mutex_);
    if (!error_) error_ = std::move(error);
    changed_.notify_all();
  }

  [[nodiscard]] std::size_t size() {
    const std::lock_guard lock(mutex_);
    return waiting_.size();
  }
  /// Only when every worker has returned.
  [[nodiscard]] std::optional<Error>& error() { return error_; }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Task> waiting_;
  unsigned running_ = 0;
  unsigned idle_ = 0;
  std::optional<Error> error_;
};

}  // namespace ambit::os
