// Linked into a program that is built with -fsanitize=address,undefined. Its processes give up
// their standard error, may open no file and have nobody who looks at their status; so what a
// sanitizer reports is written to memory that is mapped from a file before any of that, and the
// tests look into the file (tests/support/sanitizer_reports.py).
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>

#define FOR_THE_SANITIZER extern "C" __attribute__((used, visibility("default")))

extern "C" {
void __asan_set_error_report_callback(void (*callback)(const char*));
void __ubsan_get_current_report_data(const char** kind, const char** message, const char** file,
                                     unsigned* line, unsigned* column, char** memory);
}

namespace {

struct Reports {
  static constexpr std::size_t kSize = 1UL << 20;
  std::atomic<std::uint64_t> used;
  char text[kSize - sizeof(std::uint64_t)];
};
Reports* reports = nullptr;

/// Only stores: whatever the process may still do, it may do that.
void Write(const char* text) {
  if (reports == nullptr) return;
  const std::size_t size = std::strlen(text);
  const std::uint64_t at = reports->used.fetch_add(size + 1);
  for (std::size_t i = 0; i <= size && at + i < sizeof reports->text; ++i) {
    reports->text[at + i] = i < size ? text[i] : '\n';
  }
}

__attribute__((constructor)) void Open() {
  // Within a sandbox there is no such file; what runs there has its standard error.
  const int fd = ::open(AMBIT_SANITIZER_REPORTS, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (fd < 0) return;
  ::fchmod(fd, 0666);
  void* memory = MAP_FAILED;
  if (::ftruncate(fd, Reports::kSize) == 0) {
    memory = ::mmap(nullptr, Reports::kSize, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  }
  ::close(fd);
  if (memory == MAP_FAILED) return;
  reports = static_cast<Reports*>(memory);
  __asan_set_error_report_callback(Write);
}

}  // namespace

/// Leaks are looked for by tracing, which a sandbox does not permit.
FOR_THE_SANITIZER const char* __asan_default_options() {
  return "detect_leaks=0:abort_on_error=1:disable_coredump=1";
}
FOR_THE_SANITIZER const char* __ubsan_default_options() {
  return "halt_on_error=1:abort_on_error=1:print_stacktrace=1";
}
FOR_THE_SANITIZER void __ubsan_on_report() {
  const char *kind = "", *message = "", *file = "";
  unsigned line = 0, column = 0;
  char* memory = nullptr;
  __ubsan_get_current_report_data(&kind, &message, &file, &line, &column, &memory);
  char number[16] = {};
  std::size_t at = sizeof number - 1;
  do {
    number[--at] = static_cast<char>('0' + line % 10);
    line /= 10;
  } while (line > 0);
  const char* const line_text = number + at;
  for (const char* part : {"UndefinedBehaviorSanitizer: ", kind, message, file, line_text}) {
    Write(part);
  }
}
