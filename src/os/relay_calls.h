#pragma once

#include <string_view>

#include "base/result.h"
#include "os/tcp_calls.h"
#include "os/unique_fd.h"

/// For a program whose only work is one connection: these calls wait.
namespace ambit::os {

/// A connection to `address`.
Result<UniqueFd> Dial(const SocketAddress& address);
/// Sends all of it.
Result<> SendAll(int socket, std::string_view data);
/// At most `size` bytes; 0 at the end.
Result<std::size_t> ReceiveSome(int socket, char* out, std::size_t size);
/// Writes `first` to descriptor 1, then moves bytes from descriptor 0 to the socket and from the
/// socket to descriptor 1 until both directions are at their end, or nobody reads any more.
Result<> RelayStandardStreams(int socket, std::string_view first);

}  // namespace ambit::os
