#pragma once

#include <utility>

namespace ambit::os {

/// close(2) without a result: on Linux the number is free again whatever it answers.
void CloseFd(int fd) noexcept;

/// Owns one file descriptor and closes it once. A default UniqueFd owns nothing (-1).
class UniqueFd {
 public:
  UniqueFd() noexcept = default;
  explicit UniqueFd(int fd) noexcept : fd_(fd) {}
  UniqueFd(UniqueFd&& other) noexcept : fd_(other.Release()) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept {
    if (this != &other) Reset(other.Release());
    return *this;
  }
  UniqueFd(const UniqueFd&) = delete;
  UniqueFd& operator=(const UniqueFd&) = delete;
  ~UniqueFd() { Reset(); }

  [[nodiscard]] int get() const noexcept { return fd_; }
  [[nodiscard]] bool valid() const noexcept { return fd_ >= 0; }
  [[nodiscard]] int Release() noexcept { return std::exchange(fd_, -1); }
  /// Closes the old descriptor, then owns `fd`. Never retries: on EINTR Linux has already freed the
  /// number, and a second close could hit another thread's file.
  void Reset(int fd = -1) noexcept {
    if (const int old = std::exchange(fd_, fd); old >= 0) CloseFd(old);
  }

 private:
  int fd_ = -1;
};

}  // namespace ambit::os
