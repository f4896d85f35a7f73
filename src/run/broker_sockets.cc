#include <cerrno>
#include <cstring>
#include <utility>

#include "base/path_text.h"
#include "os/mount_calls.h"
#include "os/unix_calls.h"
#include "run/broker.h"

/// The part of the broker that connects and binds unix sockets. What a path means is found out
/// once; from then on the socket file itself is meant, by a descriptor, and the call is carried out
/// here on a copy of the caller's own socket. Nothing is ever left to the kernel because of what a
/// path, an address or a descriptor of the caller was when it was looked at.
namespace ambit::run {
namespace {

using os::CalledAddress;
using os::NotifiedCall;
using os::OpenedFile;
using os::UniqueFd;
using policy::SocketDecision;
using policy::SocketFacts;
using policy::SocketReason;

}  // namespace

Broker::Answer Broker::RefuseSocket(const NotifiedCall& call, std::string_view path,
                                    const SocketDecision& decision, int error) {
  const std::lock_guard lock(shared_.refused);
  shared_.refusals.NoteSocket(call.kind, path, decision);
  return Errno(-error);
}

/// The caller's socket, and what it is.
int Broker::TakeSocket(const NotifiedCall& call, UniqueFd& out, os::SocketFacts& facts) {
  out.Reset(os::CopyDescriptor(call.thread, call.dir));
  if (!out.valid()) return out.get();
  if (!os::IsWaiting(shared_.listener, call.id)) return -ESRCH;
  return os::InspectSocket(out.get(), facts);
}

/// What the path of `address` leads to for the caller, and whether he may talk to it: 0, or the
/// answer's errno, and then the refusal is noted.
int Broker::FindSocket(const NotifiedCall& call, const CalledAddress& address, Object& out) {
  std::memcpy(path_, address.path, sizeof address.path);
  UniqueFd start;
  if (const int r = Start(call, os::kCwd, start); r < 0) return r;
  const int from = start.valid() ? start.get() : os::kCwd;
  if (const int r = resolver_.FindObject(from, path_, true, out); r < 0) return r;
  if (!IsWayOpen(call, from, true, out.path.view())) return -EACCES;
  OpenedFile file;
  if (const int r = os::Inspect(out.place.get(), file); r < 0) return r;
  if (file.kind != OpenedFile::Kind::kSocket) return -ECONNREFUSED;
  const std::string_view path = out.path.view();
  SocketFacts facts{.path = path, .dev = file.dev, .ino = file.ino};
  facts.own = shared_.own_sockets.Contains(file.dev, file.ino) ||
              (options_.own_shm && IsAtOrBelow(path, "/dev/shm"));
  const SocketDecision decision = policy::DecideSocket(gate_.policy(), facts, gate_.At(path));
  return decision.allowed ? 0 : -RefuseSocket(call, path, decision, EACCES).value;
}

Broker::Answer Broker::RefuseAbstract(const NotifiedCall& call, const CalledAddress& address) {
  char name[CalledAddress::kMostPath + 1] = "@";
  const std::size_t start = 3;  // the family and the null byte
  const std::size_t length = address.size > start ? address.size - start : 0;
  std::memcpy(name + 1, address.raw + start, length);
  return RefuseSocket(call, {name, length + 1}, {false, SocketReason::kAbstract, nullptr}, EPERM);
}

Broker::Answer Broker::Connect(const NotifiedCall& call) {
  CalledAddress address;
  if (const int r = os::ReadTargetSocketAddress(call.thread, call.path, call.address_size, address);
      r < 0) {
    return Errno(r);
  }
  UniqueFd socket;
  os::SocketFacts facts;
  if (const int r = TakeSocket(call, socket, facts); r < 0) return Errno(r);
  if (!facts.is_unix) return ConnectInternet(call, address, socket.get(), facts);
  switch (address.kind) {
    case CalledAddress::Kind::kOther:
    case CalledAddress::Kind::kUnnamed:
      return Errno(-EINVAL);
    case CalledAddress::Kind::kNone:
      return Errno(os::ConnectToAddress(socket.get(), address));
    case CalledAddress::Kind::kAbstract:
      return RefuseAbstract(call, address);
    case CalledAddress::Kind::kPath:
      break;
  }
  Object target;
  if (const int r = FindSocket(call, address, target); r < 0) return Errno(r);
  const int r = os::ConnectToPlace(socket.get(), target.place.get());
  return r == -EAGAIN && facts.waits ? Later(call) : Errno(r);
}

Broker::Answer Broker::Later(const NotifiedCall& call) {
  const std::lock_guard lock(shared_.waiting);
  const int r = shared_.calls.Add(call);
  return r < 0 ? Errno(r) : Answer{Answer::Kind::kLater, 0};
}

/// A socket file is made like any other file.
Broker::Answer Broker::Bind(const NotifiedCall& call) {
  CalledAddress address;
  if (const int r = os::ReadTargetSocketAddress(call.thread, call.path, call.address_size, address);
      r < 0) {
    return Errno(r);
  }
  UniqueFd socket;
  os::SocketFacts facts;
  if (const int r = TakeSocket(call, socket, facts); r < 0) return Errno(r);
  if (!facts.is_unix && IsOnHostNetwork()) return Errno(-EACCES);
  if (address.kind != CalledAddress::Kind::kPath) {
    return Errno(os::BindToAddress(socket.get(), address));
  }
  if (!facts.is_unix) return Errno(-EAFNOSUPPORT);
  std::memcpy(path_, address.path, sizeof address.path);
  UniqueFd start;
  if (const int r = Start(call, os::kCwd, start); r < 0) return Errno(r);
  const int from = start.valid() ? start.get() : os::kCwd;
  Entry entry;
  if (const int r = resolver_.FindEntry(from, path_, entry); r < 0) return Errno(r);
  const std::string_view path = entry.path.view();
  if (!IsWayOpen(call, from, false, path)) return Errno(-EACCES);
  const std::string_view name = entry.name;
  if (name == "." || name.ends_with('/') || os::Exists(entry.dir.get(), entry.name) == 1) {
    return Errno(-EADDRINUSE);
  }
  if (entry.on_proc) return Errno(-EACCES);
  if (options_.changes && IsNative(path)) return GoOn();
  const policy::Decision decision = gate_.At(path);
  if (!MayChange(path, decision)) return Refuse(call, path, decision, EACCES);
  TakeUmask(call);
  if (const int r = MakeSocketFile(socket.get(), from, address, entry); r < 0) return Errno(r);
  shared_.own_sockets.Add(UniqueFd(os::OpenName(entry.dir.get(), entry.name)));
  return Errno(0);
}

/// Without an address a listener of TCP gets a port of the host by itself.
Broker::Answer Broker::Listen(const NotifiedCall& call) {
  UniqueFd socket;
  os::SocketFacts facts;
  if (const int r = TakeSocket(call, socket, facts); r < 0) return Errno(r);
  if (!facts.is_unix) return Errno(-EACCES);
  return Errno(os::Listen(socket.get(), call.backlog));
}

/// The kernel keeps the text that a socket is bound with and tells it to everybody who asks
/// (getsockname(2)), so it is the caller's own wherever that means the same place for us, and else
/// the canonical one. Both lead over directories alone, which only we move for the command.
int Broker::MakeSocketFile(int socket, int start, const CalledAddress& address,
                           const Entry& entry) {
  const std::string_view given = address.path;
  bool same = given == entry.path.view();
  if (!same && !given.starts_with('/') && start != os::kCwd) {
    const int length = os::PathOf(start, found_.room(), PathBuffer::size());
    if (length < 0) return length;
    found_.SetLength(static_cast<std::size_t>(length));
    same = found_.AddName(given) && found_.view() == entry.path.view();
  }
  if (same) return os::BindToPath(socket, start, address.path);
  const int r = os::BindToPath(socket, os::kCwd, entry.path.text());
  return r == -ENAMETOOLONG ? os::BindToPath(socket, entry.dir.get(), entry.name) : r;
}

}  // namespace ambit::run
