#pragma once

#include <vector>

#include "base/result.h"
#include "os/unique_fd.h"
#include "policy/policy.h"

namespace ambit::run {

/// The sockets of the host that the policy allows.
struct HostSockets {
  /// As long as these are open, no other file can come to have the number of one of them.
  std::vector<os::UniqueFd> places;
  bool datagrams = false;  ///< One of them takes datagrams.
};

/// Takes hold of them. Errors: one is no longer the socket that the policy was made for.
Result<HostSockets> HoldAllowedSockets(const policy::Policy& policy);

/// Whether one of the descriptors that a command gets is a socket for datagrams, which could send
/// them to any socket by its name.
bool HasDatagramSocket(const std::vector<int>& passed);

}  // namespace ambit::run
