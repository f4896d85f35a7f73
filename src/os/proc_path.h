#pragma once

#include <cstddef>
#include <string_view>

namespace ambit::os {

/// "/proc/NUMBER/REST", or "/proc/self/fd/NUMBER", made without the C library's formatting, which
/// is not async-signal-safe.
class ProcPath {
 public:
  ProcPath(int process, std::string_view rest) {
    Append("/proc/");
    AppendNumber(process);
    Append("/");
    Append(rest);
  }
  /// `rest` and a number after it: a descriptor of another process.
  ProcPath(int process, std::string_view rest, int number) : ProcPath(process, rest) {
    AppendNumber(number);
  }
  static ProcPath OwnDescriptor(int fd) {
    ProcPath path;
    path.Append("/proc/self/fd/");
    path.AppendNumber(fd);
    return path;
  }
  [[nodiscard]] const char* text() const { return text_; }

 private:
  ProcPath() = default;
  void Append(std::string_view more) {
    for (const char c : more) {
      if (length_ + 1 < sizeof text_) text_[length_++] = c;
    }
    text_[length_] = '\0';
  }
  void AppendNumber(int number) {
    char digits[12];
    std::size_t n = 0;
    auto left = static_cast<unsigned>(number < 0 ? 0 : number);
    do {
      digits[n++] = static_cast<char>('0' + left % 10);
      left /= 10;
    } while (left != 0);
    while (n > 0) Append({&digits[--n], 1});
  }

  char text_[64] = {};
  std::size_t length_ = 0;
};

}  // namespace ambit::os
