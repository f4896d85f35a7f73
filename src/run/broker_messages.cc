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

/// Sends message_ for the caller through his `socket`. How much of it, or -errno.
int Broker::SendCopy(const NotifiedCall& call, int socket, const os::SocketFacts& facts) {
  Object target;
  if (!facts.is_unix && IsOnHostNetwork() && (facts.is_datagram || os::WantsFastOpen(call.flags))) {
    return -EPERM;
  }
  if (facts.is_unix) {
    // A connected stream has no use for an address, and the kernel says so in its own words.
    const bool names = message_.has_address() && facts.is_datagram;
    const auto kind = message_.address().kind;
    if (names && kind == CalledAddress::Kind::kAbstract) {
      return -RefuseAbstract(call, message_.address()).value;
    }
    if (names && kind != CalledAddress::Kind::kPath) return -EINVAL;
    if (message_.has_address() && !names) return -EISCONN;
    if (names) {
      if (const int r = FindSocket(call, message_.address(), target); r < 0) return r;
    }
    if (const int r = message_.TakeDescriptors(call.thread); r < 0) return r;
  }
  if (!os::IsWaiting(listener_, call.id)) return -ESRCH;
  return message_.Send(socket, target.place.valid() ? target.place.get() : -1, call.flags, facts);
}

Broker::Answer Broker::Send(const NotifiedCall& call) {
  UniqueFd socket;
  os::SocketFacts facts;
  if (const int r = TakeSocket(call, socket, facts); r < 0) return Errno(r);
  int r =
      call.kind == os::CallKind::kSend
          ? message_.ReadPlain(call.thread, call.data, call.data_size, call.path, call.address_size)
          : message_.Read(call.thread, call.data);
  if (r >= 0) r = SendCopy(call, socket.get(), facts);
  message_.Clear();
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
    r = message_.Read(call.thread, header);
    if (r >= 0) r = SendCopy(call, socket.get(), facts);
    if (r < 0) break;
    const auto length = static_cast<std::uint32_t>(r);
    os::WriteTarget(call.thread, header + os::kManyHeaderResult, &length, sizeof length);
    ++sent;
  }
  message_.Clear();
  if (sent > 0 || r >= 0) return {Answer::Kind::kValue, sent};
  return r == -EAGAIN && os::WantsWaiting(call.flags, facts) ? Later(call) : Errno(r);
}

}  // namespace ambit::run
