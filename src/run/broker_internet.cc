#include <cerrno>
#include <cstring>

#include "os/channel.h"
#include "os/file_calls.h"
#include "os/internet_calls.h"
#include "run/broker.h"

/// The part of the broker that connects internet sockets. Where the network namespace has nothing
/// but a loopback, nothing here is a matter of safety: what goes to another address would fail, and
/// is led to the proxy's door instead, which is told where it was meant to go and decides. The call
/// is carried out here because a filter cannot tell an internet socket from a unix one, and another
/// thread could exchange the two while we look.
///
/// On the host's network the command can connect nothing natively, and an address of its own is
/// never used here: its socket is connected with one of ours, which the proxy gets.
namespace ambit::run {

using os::CalledAddress;
using os::InternetAddress;
using os::NotifiedCall;

namespace {

constexpr std::uint16_t kNamePort = 53;

CapturedMessage Towards(const InternetAddress& to) {
  CapturedMessage out;
  out.port = to.port;
  out.address_size = to.size;
  std::memcpy(out.address, to.bytes.data(), sizeof out.address);
  return out;
}

}  // namespace

/// A datagram socket is only told its peer; a stream that has a connection, or waits for one, gets
/// the kernel's answer.
Broker::Answer Broker::ConnectInternet(const NotifiedCall& call, const CalledAddress& address,
                                       int socket, const os::SocketFacts& facts) {
  if (IsOnHostNetwork()) return ConnectOnSharedHost(call, address, socket, facts);
  InternetAddress to;
  const bool known = os::ReadInternetAddress(address, to);
  const bool fresh = known && !facts.is_datagram && os::IsUnconnectedStream(socket);
  const bool capture = options_.doors != nullptr && options_.doors->capture;
  if (!fresh || !capture || to.port == 0) {
    const int r = os::ConnectWithoutWaiting(socket, address);
    if (known && (fresh || facts.is_datagram)) TellClient(call, to, socket, facts.is_datagram);
    return InProgress(call, r, facts);
  }
  if (to.IsLoopback()) {
    int r = os::ConnectWithoutWaiting(socket, address);
    TellClient(call, to, socket, false);
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
  const std::span<const std::uint8_t> all = options_.doors->local_ports;
  if (all.empty()) return false;
  const auto ports = all.subspan(by_name ? 0 : kPortBytes, kPortBytes);
  return (ports[port / 8U] >> port % 8U & 1U) != 0;
}

Broker::Answer Broker::LeadToProxy(const NotifiedCall& call, const InternetAddress& to, int socket,
                                   const os::SocketFacts& facts) {
  const int r = os::ConnectToOwnPort(socket, options_.doors->capture_port);
  if (r < 0 && r != -EINPROGRESS) return Errno(r);
  const int port = os::LocalPort(socket);
  if (port < 0) return Errno(port);
  CapturedMessage message = Towards(to);
  message.client_port = static_cast<std::uint16_t>(port);
  NameClient(call, message);
  os::SendMessage(options_.captured, &message, sizeof message);
  return InProgress(call, r, facts);
}

/// Which of the proxy's services the program asks for, if any: there are none of its own here.
Broker::Answer Broker::ConnectOnSharedHost(const NotifiedCall& call, const CalledAddress& address,
                                           int socket, const os::SocketFacts& facts) {
  if (address.kind == CalledAddress::Kind::kNone) {
    return Errno(os::ConnectToAddress(socket, address));
  }
  InternetAddress to;
  if (!os::ReadInternetAddress(address, to)) return Errno(-EAFNOSUPPORT);
  if (facts.is_datagram) return Errno(-ENETUNREACH);
  if (!os::IsUnconnectedStream(socket)) return Errno(-EISCONN);
  const ProxyDoors& doors = *options_.doors;
  CapturedMessage message = Towards(to);
  if (to.IsLoopback() && to.port == doors.http_port) {
    message.service = ProxyService::kHttp;
  } else if (to.IsLoopback() && to.port == doors.socks_port) {
    message.service = ProxyService::kSocks;
  } else if (!doors.capture) {
    return Errno(to.IsLoopback() ? -ECONNREFUSED : -ENETUNREACH);
  } else if (to.port == kNamePort) {
    message.service = ProxyService::kNames;
  } else if (to.IsLoopback()) {
    const bool by_name = IsGrantedLocally(to.port, true);
    if (!by_name && !IsGrantedLocally(to.port, false)) return Errno(-ECONNREFUSED);
    if (by_name) message.address_size = 0;
  } else if (to.port == 0) {
    return Errno(-ECONNREFUSED);
  }
  NameClient(call, message);
  return Errno(HandToProxy(socket, message));
}

int Broker::HandToProxy(int socket, CapturedMessage& message) {
  os::UniqueFd other_end;
  if (const int r = os::ConnectToOurselves(socket, other_end); r < 0) return r;
  const int port = os::LocalPort(socket);
  if (port < 0) return port;
  message.client_port = static_cast<std::uint16_t>(port);
  const int r = os::SendMessageWith(options_.captured, &message, sizeof message, other_end.get());
  return r < 0 ? -ECONNREFUSED : 0;
}

/// Who connects to one of the proxy's own listeners, which the proxy itself cannot see: it is told
/// before the client has its answer, so before anything can be asked for.
void Broker::TellClient(const NotifiedCall& call, const InternetAddress& to, int socket,
                        bool datagrams) {
  const ProxyDoors* const doors = options_.doors;
  if (doors == nullptr || !doors->names_clients || !to.IsLoopback()) return;
  const bool names = doors->capture && to.port == kNamePort;
  const bool proxy = !datagrams && (to.port == doors->http_port || to.port == doors->socks_port);
  if (!names && !proxy) return;
  const int port = os::LocalPort(socket);
  if (port <= 0) return;
  CapturedMessage message = Towards(to);
  message.client_port = static_cast<std::uint16_t>(port);
  message.service = datagrams ? ProxyService::kDatagramClient : ProxyService::kStreamClient;
  NameClient(call, message);
  os::SendMessage(options_.captured, &message, sizeof message);
}

/// What cannot be found out stays out of the message.
void Broker::NameClient(const NotifiedCall& call, CapturedMessage& message) const {
  if (!options_.doors->names_clients) return;
  os::ProcessFacts facts;
  if (os::ReadProcessFacts(call.thread, facts) < 0) return;
  static_assert(sizeof message.program == os::kProcessNameRoom);
  if (os::ReadProcessName(facts.group, message.program) < 0) return;
  // The number may be somebody else's by now.
  if (!os::IsWaiting(shared_.listener, call.id)) {
    message.program[0] = '\0';
    return;
  }
  message.process = facts.group;
}

/// Who wants to wait for the connection is answered later.
Broker::Answer Broker::InProgress(const NotifiedCall& call, int result,
                                  const os::SocketFacts& facts) {
  const bool pending = result == -EINPROGRESS || result == -EALREADY;
  return pending && facts.waits ? Later(call) : Errno(result);
}

}  // namespace ambit::run
