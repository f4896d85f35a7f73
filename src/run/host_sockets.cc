#include "run/host_sockets.h"

#include <algorithm>
#include <utility>

#include "base/path_text.h"
#include "os/file_calls.h"
#include "os/mount_calls.h"
#include "os/unix_calls.h"

namespace ambit::run {
namespace {

bool IsDatagramSocket(int fd) {
  os::SocketFacts facts;
  return os::InspectSocket(fd, facts) >= 0 && facts.is_unix && facts.is_datagram;
}

}  // namespace

Result<HostSockets> HoldAllowedSockets(const policy::Policy& policy) {
  HostSockets out;
  if (!policy.sockets.enabled) return out;
  for (const policy::SocketRule& rule : policy.sockets.rules) {
    if (!rule.allow || rule.kind != FileKind::kSocket) continue;
    os::UniqueFd place(os::OpenPlace(os::kCwd, rule.path.c_str()));
    os::OpenedFile file;
    const bool same = place.valid() && os::Inspect(place.get(), file) >= 0 &&
                      file.kind == os::OpenedFile::Kind::kSocket && file.dev == rule.dev &&
                      file.ino == rule.ino;
    if (!same) {
      return Fail(ErrorCode::kSystem,
                  "'" + Printable(rule.given) +
                      "' was replaced while the run was being prepared; run the command again",
                  rule.from);
    }
    out.datagrams = out.datagrams || os::TakesDatagrams(place.get()) == 1;
    out.places.push_back(std::move(place));
  }
  return out;
}

bool HasDatagramSocket(const std::vector<int>& passed) {
  return IsDatagramSocket(0) || IsDatagramSocket(1) || IsDatagramSocket(2) ||
         std::ranges::any_of(passed, IsDatagramSocket);
}

}  // namespace ambit::run
