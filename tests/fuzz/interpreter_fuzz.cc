// What a program file names to be started with it: found inside the file, ended by a null, and the
// same for a script however the file is looked at.
#include <sys/mman.h>
#include <unistd.h>

#include <climits>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "run/interpreter.h"

namespace {

void Require(bool condition) {
  if (!condition) std::abort();
}

/// One file for all inputs.
int FileOf(const std::uint8_t* data, std::size_t size) {
  static const int fd = ::memfd_create("program", MFD_CLOEXEC);
  Require(fd >= 0 && ::ftruncate(fd, 0) == 0);
  Require(::pwrite(fd, data, size, 0) == static_cast<ssize_t>(size));
  return fd;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const std::string_view script = ambit::run::ScriptInterpreter(bytes);
  Require(script.empty() || bytes.find(script) != std::string_view::npos);
  Require(script.find_first_of(std::string_view(" \t\n\0", 4)) == std::string_view::npos);
  const int fd = FileOf(data, size);
  for (const std::size_t room : {std::size_t{PATH_MAX}, std::size_t{16}, std::size_t{1}}) {
    char path[PATH_MAX + 8];
    std::memset(path, '!', sizeof path);
    const int length = ambit::run::ReadInterpreter(fd, path, room);
    for (std::size_t i = room; i < sizeof path; ++i) Require(path[i] == '!');
    if (length <= 0) continue;
    Require(static_cast<std::size_t>(length) < room && path[length] == '\0');
    Require(std::strlen(path) == static_cast<std::size_t>(length));
    if (!script.empty()) Require(std::string_view(path) == script);
  }
  return 0;
}
