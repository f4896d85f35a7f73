#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "os/message_calls.h"
#include "os/mount_calls.h"
#include "os/unix_calls.h"
#include "run/broker.h"

/// The part of the broker that sends messages, where a datagram socket could send them anywhere:
/// the message is copied, its address decided about like a connection, and the copy sent.
namespace ambit::run {
namespace {

using os::CalledAddress;
using os::NotifiedCall;
using os::UniqueFd;

constexpr std::uint64_t kMostAtOnce = 64;

}  // namespace

/// Sends the shared message for the caller through his `socket`. How much of it, or -errno.
int Broker::SendCopy(const NotifiedCall& call, int socket, const os::SocketFacts& facts) {
  Object target;
  if (!facts.is_unix && IsOnHostNetwork() && (facts.is_datagram || os::WantsFastOpen(call.flags))) {
    return -EPERM;
  }
  if (facts.is_unix) {
    // A connected stream has no use for an address, and the kernel says so in its own words.
    const bool names = shared_.message.has_address() && facts.is_datagram;
    const auto kind = shared_.message.address().kind;
    if (names && kind == CalledAddress::Kind::kAbstract) {
      return -RefuseAbstract(call, shared_.message.address()).value;
    }
    if (names && kind != CalledAddress::Kind::kPath) return -EINVAL;
    if (shared_.message.has_address() && !names) return -EISCONN;
    if (names) {
      if (const int r = FindSocket(call, shared_.message.address(), target); r < 0) return r;
    }
    if (const int r = shared_.message.TakeDescriptors(call.thread); r < 0) return r;
  }
  if (!os::IsWaiting(shared_.listener, call.id)) return -ESRCH;
  return shared_.message.Send(socket, target.place.valid() ? target.place.get() : -1, call.flags,
                              facts);
}

Broker::Answer Broker::Send(const NotifiedCall& call) {
  UniqueFd socket;
  os::SocketFacts facts;
  if (const int r = TakeSocket(call, socket, facts); r < 0) return Errno(r);
  int r = call.kind == os::CallKind::kSend
              ? shared_.message.ReadPlain(call.thread, call.data, call.data_size, call.path,
                                          call.address_size)
              : shared_.message.Read(call.thread, call.data);
  if (r >= 0) r = SendCopy(call, socket.get(), facts);
  shared_.message.Clear();
  if (r >= 0) return {Answer::Kind::kValue, r};
  return r == -EAGAIN && os::WantsWaiting(call.flags, facts) ? Later(call) : Errno(r);
}

/// Fewer than were given may be sent; callers go on with the rest (sendmmsg(2)).
Broker::Answer Broker::SendMany(const NotifiedCall& call) {
  UniqueFd socket;
  os::SocketFacts facts;
  if (const int r = TakeSocket(call, socket, facts); r < 0) return Errno(r);
  const std::uint64_t count = std::min(call.data_size, kMostAtOnce);
  int sent = 0;
  int r = 0;
  for (std::uint64_t i = 0; i < count; ++i) {
    const os::TargetAddress header = call.data + i * os::kManyHeaderSize;
    r = shared_.message.Read(call.thread, header);
    if (r >= 0) r = SendCopy(call, socket.get(), facts);
    if (r < 0) break;
    const auto length = static_cast<std::uint32_t>(r);
    os::WriteTarget(call.thread, header + os::kManyHeaderResult, &length, sizeof length);
    ++sent;
  }
  shared_.message.Clear();
  if (sent > 0 || r >= 0) return {Answer::Kind::kValue, sent};
  return r == -EAGAIN && os::WantsWaiting(call.flags, facts) ? Later(call) : Errno(r);
}

}  // namespace ambit::run
