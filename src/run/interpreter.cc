#include "run/interpreter.h"

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>

#include "os/file_calls.h"

namespace ambit::run {
namespace {

constexpr std::size_t kHead = 256;  // BINPRM_BUF_SIZE of linux/binfmts.h
constexpr std::string_view kElf64 =
    "\x7f"
    "ELF\x02";
constexpr std::uint32_t kNamesLoader = 3;  // PT_INTERP

// The parts of elf(5) that matter here, for 64 bits: programs of 32 can make no system call.
struct ProgramHeader {
  std::uint32_t type;
  std::uint32_t flags;
  std::uint64_t offset, address, physical, file_size, memory_size, align;
};
constexpr std::size_t kHeadersOffset = 32, kHeaderSize = 54, kHeaderCount = 56;
constexpr std::size_t kMostHeaders = 4096 / sizeof(ProgramHeader);  // the kernel reads one page

template <typename T>
T At(std::string_view bytes, std::size_t offset) {
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof value);
  return value;
}

int ReadLoader(int fd, std::string_view head, char* out, std::size_t size) {
  if (head.size() < 64 || At<std::uint16_t>(head, kHeaderSize) != sizeof(ProgramHeader)) return 0;
  const std::size_t count = At<std::uint16_t>(head, kHeaderCount);
  if (count > kMostHeaders) return 0;  // the kernel does not start it
  std::uint64_t at = At<std::uint64_t>(head, kHeadersOffset);
  for (std::size_t i = 0; i < count; ++i, at += sizeof(ProgramHeader)) {
    ProgramHeader header;
    const int n = os::ReadAt(fd, at, &header, sizeof header);
    if (n < 0) return n;
    if (static_cast<std::size_t>(n) < sizeof header) return 0;
    if (header.type != kNamesLoader) continue;
    if (header.file_size == 0 || header.file_size > size) return -ENOEXEC;
    const int length = os::ReadAt(fd, header.offset, out, header.file_size);
    if (length <= 0) return length;
    out[length - 1] = '\0';
    return static_cast<int>(std::strlen(out));
  }
  return 0;
}

}  // namespace

std::string_view ScriptInterpreter(std::string_view head) {
  if (!head.starts_with("#!")) return {};
  head = head.substr(2, kHead - 2);
  head = head.substr(0, head.find('\n'));
  head.remove_prefix(std::min(head.find_first_not_of(" \t"), head.size()));
  return head.substr(0, head.find_first_of(std::string_view(" \t\0", 3)));
}

int ReadInterpreter(int fd, char* out, std::size_t size) {
  char bytes[kHead];
  const int n = os::ReadAt(fd, 0, bytes, sizeof bytes);
  if (n < 0) return n;
  const std::string_view head(bytes, static_cast<std::size_t>(n));
  if (head.starts_with(kElf64)) return ReadLoader(fd, head, out, size);
  const std::string_view script = ScriptInterpreter(head);
  if (script.size() >= size) return -ENAMETOOLONG;
  *std::ranges::copy(script, out).out = '\0';
  return static_cast<int>(script.size());
}

}  // namespace ambit::run
