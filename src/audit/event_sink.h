#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "os/unique_fd.h"

namespace ambit::audit {

/// Where events go: the file or descriptor of `--events`. A default sink swallows them.
class EventSink {
 public:
  EventSink() = default;
  /// Opens the file for adding to it, see os::OpenForEvents.
  static Result<EventSink> ToFile(const std::string& path);
  /// Takes the inherited descriptor over, see os::TakeForEvents.
  static Result<EventSink> ToDescriptor(int fd);

  /// Adds one line. After the first failure nothing is written any more.
  void Write(std::string line);

  /// Whether there is a target.
  [[nodiscard]] bool is_open() const { return fd_.valid(); }
  /// The canonical path of the target when it is a regular file, else "".
  [[nodiscard]] std::string path() const;
  /// What stopped the writing.
  [[nodiscard]] const std::optional<Error>& problem() const { return problem_; }

 private:
  EventSink(os::UniqueFd fd, std::string name) : fd_(std::move(fd)), name_(std::move(name)) {}

  os::UniqueFd fd_;
  std::string name_;
  std::optional<Error> problem_;
};

}  // namespace ambit::audit
