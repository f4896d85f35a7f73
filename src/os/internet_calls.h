#pragma once

#include <array>
#include <cstdint>

#include "os/unique_fd.h"
#include "os/unix_calls.h"

/// Connecting internet sockets on behalf of other processes; see ip(7) and tcp(7). As in
/// mount_calls.h: nothing allocates, results are >= 0 or -errno.
namespace ambit::os {

/// An address of AF_INET or AF_INET6. An IPv4 address inside IPv6 is the IPv4 address.
struct InternetAddress {
  std::uint8_t size = 0;  ///< 4 or 16 bytes.
  std::array<std::uint8_t, 16> bytes{};
  std::uint16_t port = 0;

  /// This host itself: 127.0.0.0/8, ::1, and the unspecified addresses, to which Linux connects so.
  [[nodiscard]] bool IsLoopback() const;
};
/// False: it is of another family, or too short.
bool ReadInternetAddress(const CalledAddress& address, InternetAddress& out);

/// Whether nobody has tried to connect the TCP socket yet, or the attempt failed.
bool IsUnconnectedStream(int socket);

/// Connects as connect(2) does for a socket that does not wait: -EINPROGRESS, and then -EALREADY or
/// the outcome when it is called again. What is known within the call is told at once.
int ConnectWithoutWaiting(int socket, const CalledAddress& address);
/// The same with 127.0.0.1, for a socket of either family.
int ConnectToOwnPort(int socket, std::uint16_t port);

/// Connects `socket`, of either family, with a new socket of ours on the loopback: `other_end`,
/// which does not wait and is closed on exec. The port that is needed for that is there for a
/// moment and nobody else gets through to it. At once, or not at all: 0 or -errno.
int ConnectToOurselves(int socket, UniqueFd& other_end);
/// The connection from `port` of 127.0.0.1, out of the queue of `listener`; whoever else has come
/// is hung up on. -ECONNREFUSED: it does not come, or too many others do.
int AcceptFrom(int listener, int port, UniqueFd& out);
/// Whether send flags or a message ask for TCP fast open, which connects.
bool WantsFastOpen(std::uint32_t flags);

/// The port that the socket itself has.
int LocalPort(int socket);

}  // namespace ambit::os
