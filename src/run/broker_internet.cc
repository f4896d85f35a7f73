#include <cerrno>
#include <cstring>

#include "os/channel.h"
#include "os/internet_calls.h"
#include "run/broker.h"

/// The part of the broker that connects internet sockets. The network namespace has nothing but a
/// loopback, so nothing here is a matter of safety: what goes to another address would fail, and is
/// led to the proxy's door instead, which is told where it was meant to go and decides. The call is
/// carried out here because a filter cannot tell an internet socket from a unix one, and another
/// thread could exchange the two while we look.
namespace ambit::run {

using os::CalledAddress;
using os::InternetAddress;
using os::NotifiedCall;

/// A datagram socket is only told its peer; a stream that has a connection, or waits for one, gets
/// the kernel's answer.
Broker::Answer Broker::ConnectInternet(const NotifiedCall& call, const CalledAddress& address,
                                       int socket, const os::SocketFacts& facts) {
  InternetAddress to;
  const bool known = os::ReadInternetAddress(address, to);
  const bool fresh = known && !facts.is_datagram && os::IsUnconnectedStream(socket);
  const bool capture = options_.captured >= 0;
  if (!fresh || !capture || to.port == 0) {
    return InProgress(call, os::ConnectWithoutWaiting(socket, address), facts);
  }
  if (to.IsLoopback()) {
    int r = os::ConnectWithoutWaiting(socket, address);
    const bool by_name = IsGrantedLocally(to.port, true);
    if (!by_name && !IsGrantedLocally(to.port, false)) return InProgress(call, r, facts);
    // On a loopback the outcome is there at once; who asks for it makes the socket new again.
    if (r == -EINPROGRESS && os::IsUnconnectedStream(socket)) {
      r = os::ConnectWithoutWaiting(socket, address);
    }
    if (r != -ECONNREFUSED) return InProgress(call, r, facts);
    if (by_name) to.size = 0;
  }
  return LeadToProxy(call, to, socket, facts);
}

bool Broker::IsGrantedLocally(std::uint16_t port, bool by_name) const {
  if (options_.local_ports.empty()) return false;
  const auto ports = options_.local_ports.subspan(by_name ? 0 : kPortBytes, kPortBytes);
  return (ports[port / 8U] >> port % 8U & 1U) != 0;
}

Broker::Answer Broker::LeadToProxy(const NotifiedCall& call, const InternetAddress& to, int socket,
                                   const os::SocketFacts& facts) {
  const int r = os::ConnectToOwnPort(socket, options_.capture_port);
  if (r < 0 && r != -EINPROGRESS) return Errno(r);
  const int port = os::LocalPort(socket);
  if (port < 0) return Errno(port);
  CapturedMessage message;
  message.client_port = static_cast<std::uint16_t>(port);
  message.port = to.port;
  message.address_size = to.size;
  std::memcpy(message.address, to.bytes.data(), sizeof message.address);
  os::SendMessage(options_.captured, &message, sizeof message);
  return InProgress(call, r, facts);
}

/// Who wants to wait for the connection is answered later.
Broker::Answer Broker::InProgress(const NotifiedCall& call, int result,
                                  const os::SocketFacts& facts) {
  const bool pending = result == -EINPROGRESS || result == -EALREADY;
  return pending && facts.waits ? Later(call) : Errno(result);
}

}  // namespace ambit::run
