#include "os/process_info.h"

#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <memory>
#include <string_view>

#include "base/ascii.h"

namespace ambit::os {
namespace {

struct FreeText {
  void operator()(char* text) const { std::free(text); }
};

Result<> RefuseDirectory(int fd, const struct stat& info) {
  if (!S_ISDIR(info.st_mode)) return {};
  return Fail(ErrorCode::kDenied, "file descriptor " + std::to_string(fd) +
                                      " is a directory, through which the command could reach "
                                      "files outside the sandbox; close or redirect it");
}

}  // namespace

std::vector<std::string> Environment() {
  std::vector<std::string> out;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    out.emplace_back(*entry);
  }
  return out;
}

Result<std::string> CurrentDirectory() {
  const std::unique_ptr<char, FreeText> path(::getcwd(nullptr, 0));
  if (path == nullptr) {
    return FailErrno(errno, "cannot tell the current directory; go to one that exists");
  }
  if (*path != '/') {
    return Fail(ErrorCode::kNotFound,
                "the current directory cannot be reached from the root; go to one that can");
  }
  return std::string(path.get());
}

Result<> ChangeDirectory(const std::string& path) {
  if (::chdir(path.c_str()) == 0) return {};
  return FailErrno(errno, "cannot change to the directory '" + path + "'");
}

std::uint32_t UserId() { return ::getuid(); }

std::string HostName() {
  struct utsname names {};
  return ::uname(&names) == 0 ? names.nodename : "";
}

std::string KernelRelease() {
  struct utsname names {};
  return ::uname(&names) == 0 ? names.release : "";
}

Result<> SecureStandardStreams() {
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd) {
    struct stat info {};
    if (::fstat(fd, &info) == 0) {
      AMBIT_CHECK(RefuseDirectory(fd, info));
      continue;
    }
    // The lowest free number is `fd` itself: all below it are open. It is meant to be inherited,
    // like any standard stream, so O_CLOEXEC is left out.
    if (::open("/dev/null", O_RDWR) != fd) {
      return FailErrno(errno, "cannot open '/dev/null' in place of the closed file descriptor " +
                                  std::to_string(fd));
    }
  }
  return {};
}

bool IsTerminal(int fd) { return ::isatty(fd) == 1; }

Result<std::string> RandomHex(std::size_t bytes) {
  std::string random(bytes, '\0');
  if (::getrandom(random.data(), bytes, 0) != static_cast<ssize_t>(bytes)) {
    return FailErrno(errno, "cannot get random numbers");
  }
  std::string out;
  for (const char byte : random) AppendHex(static_cast<unsigned char>(byte), out);
  return out;
}

Result<> CheckPassedDescriptor(int fd) {
  struct stat info {};
  if (::fstat(fd, &info) != 0) {
    return FailErrno(errno, "cannot pass on file descriptor " + std::to_string(fd));
  }
  return RefuseDirectory(fd, info);
}

}  // namespace ambit::os
