#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/result.h"
#include "os/unique_fd.h"

/// Sockets of the Internet families, never blocking and always close-on-exec. Unless said
/// otherwise a call returns a value >= 0 or -errno, and never raises SIGPIPE.
namespace ambit::os {

/// An address and a port, whatever the family.
struct SocketAddress {
  std::array<std::uint8_t, 16> bytes{};  ///< Network order; IPv4 takes the first four.
  std::uint8_t size = 0;                 ///< 4 or 16; 0: none.
  std::uint16_t port = 0;

  bool operator==(const SocketAddress&) const = default;
};

/// Waits for connections (or, `datagrams`, for packets) at `address`; port 0 takes a free one.
/// Connections that have ended and that the kernel still remembers do not keep a port taken.
Result<UniqueFd> ListenAt(const SocketAddress& address, bool datagrams = false);
/// Makes a descriptor of a listener that was passed to us non-blocking and close-on-exec.
int PrepareListener(int fd);

/// The next connection: a descriptor, and whose it is.
struct Accepted {
  int fd = -1;  ///< Or -errno; -EAGAIN when there is none.
  SocketAddress peer;
};
Accepted Accept(int listener);

/// Begins to connect; the end is told by becoming writable, then ConnectError.
int StartConnect(const SocketAddress& address);
/// The same with a socket that is there already and not connected; 0 when it has begun.
int StartConnect(int fd, const SocketAddress& address);
/// Whether we have ended the stream and the kernel is still sending what it holds.
bool IsStillSending(int fd);
/// Cuts the connection off, if there is one, and makes the socket as if it were new.
int Disconnect(int fd);
/// 0 when connected, else the -errno of what failed.
int ConnectError(int fd);
SocketAddress LocalAddress(int fd);
SocketAddress PeerAddress(int fd);

/// At most `size` bytes; 0 at the end of the stream.
std::ptrdiff_t Receive(int fd, void* out, std::size_t size);
/// As many bytes as the socket takes. `more`: more follow at once.
std::ptrdiff_t Send(int fd, const void* data, std::size_t size, bool more = false);
/// Whether nothing has come and the other end is still there.
bool IsIdle(int fd);
int ShutdownWriting(int fd);
/// Closing is to be told as a reset.
int ResetOnClose(int fd);
/// Small packets are sent at once. What a listener accepts inherits it.
void SendAtOnce(int fd);
/// For a connection to this machine: room that a processor's cache can hold. The kernel grows the
/// buffers as for a far link, and large transfers then wait for memory. Inherited like the above.
void StayInCache(int fd);
/// After a minute without traffic, asks whether the other end is still there.
void KeepAlive(int fd);

/// Two ends of a connection within this machine that nobody else can reach.
struct SocketPair {
  UniqueFd first, second;
};
Result<SocketPair> MakeSocketPair();

/// One datagram.
std::ptrdiff_t ReceiveFrom(int fd, void* out, std::size_t size, SocketAddress& from);
std::ptrdiff_t SendTo(int fd, const void* data, std::size_t size, const SocketAddress& to);

/// A pipe whose ends do not block.
struct Pipe {
  UniqueFd out;  ///< To read from.
  UniqueFd in;
};
Result<Pipe> MakePipe(std::size_t bytes);
/// Moves up to `size` bytes between a pipe and a socket inside the kernel (splice(2)).
std::ptrdiff_t Splice(int from, int to, std::size_t size, bool more = false);

/// The addresses of this network namespace's own interfaces; empty when they cannot be read.
std::vector<SocketAddress> InterfaceAddresses();

}  // namespace ambit::os
