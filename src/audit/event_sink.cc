#include "audit/event_sink.h"

#include <climits>
#include <cstring>
#include <utility>

#include "base/path_text.h"
#include "os/event_output.h"
#include "os/file_calls.h"

namespace ambit::audit {
namespace {

/// How long a reader that takes nothing may hold the run up, once.
constexpr int kPatienceMs = 1000;

}  // namespace

Result<EventSink> EventSink::ToFile(const std::string& path) {
  AMBIT_TRY(os::UniqueFd fd, os::OpenForEvents(path));
  return EventSink(std::move(fd), "'" + Printable(path) + "'");
}

Result<EventSink> EventSink::ToDescriptor(int fd) {
  AMBIT_TRY(os::UniqueFd owned, os::TakeForEvents(fd));
  return EventSink(std::move(owned), "file descriptor " + std::to_string(fd));
}

std::string EventSink::path() const {
  char text[PATH_MAX];
  if (!os::IsRegularFile(fd_.get())) return "";
  const int length = os::PathOf(fd_.get(), text, sizeof text);
  return length <= 0 || *text != '/' ? "" : std::string(text, static_cast<std::size_t>(length));
}

void EventSink::Write(std::string line) {
  if (!fd_.valid() || problem_) return;
  line += '\n';
  const int r = os::WriteWithin(fd_.get(), line, kPatienceMs);
  if (r == 0) return;
  problem_ = Error{
      ErrorCode::kSystem, "cannot write events to " + name_ + ": " + std::strerror(-r), -r, {}};
}

}  // namespace ambit::audit
