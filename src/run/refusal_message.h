#pragma once

#include <climits>
#include <cstddef>
#include <cstdint>

#include "os/notified_call.h"
#include "policy/policy.h"

namespace ambit::run {

/// What the broker writes to the supervisor about a refusal, as one message as long as the path.
struct RefusalMessage {
  unsigned char tag = 3;  ///< kMessageRefused of sandbox_init.h.
  os::CallKind kind = os::CallKind::kOther;
  policy::Access access = policy::Access::kNone;
  std::uint32_t rule = 0xffffffff;     ///< Index in the policy; no rule when out of range.
  std::uint32_t pattern = 0xffffffff;  ///< The same.
  bool is_socket = false;              ///< Then the next two count, and not those before.
  policy::SocketReason socket_reason = policy::SocketReason::kNoRule;
  std::uint32_t socket_rule = 0xffffffff;  ///< Index in the policy's sockets, as `rule`.
  char path[PATH_MAX + NAME_MAX];
};
inline constexpr std::size_t kRefusalHead = offsetof(RefusalMessage, path);

}  // namespace ambit::run
