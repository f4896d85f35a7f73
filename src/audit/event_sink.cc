#include "audit/event_sink.h"

#include <cstring>
#include <utility>

#include "base/path_text.h"
#include "os/event_output.h"

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

void EventSink::Write(std::string line) {
  if (!fd_.valid() || problem_) return;
  line += '\n';
  const int r = os::WriteWithin(fd_.get(), line, kPatienceMs);
  if (r == 0) return;
  problem_ = Error{
      ErrorCode::kSystem, "cannot write events to " + name_ + ": " + std::strerror(-r), -r, {}};
}

}  // namespace ambit::audit
