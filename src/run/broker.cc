#include "run/broker.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/path_text.h"
#include "os/mount_calls.h"
#include "os/process_calls.h"
#include "run/interpreter.h"
#include "run/move_check.h"

namespace ambit::run {
namespace {

using os::CallKind;
using os::NotifiedCall;
using os::OpenedFile;
using os::UniqueFd;
using policy::Access;
using policy::Decision;

constexpr std::uint32_t kSetIdBits = 06000;
constexpr int kMostLinks = 40;        // path_resolution(7)
constexpr int kMostInterpreters = 5;  // execve(2)
constexpr std::chrono::milliseconds kPatience{20};
constexpr std::chrono::milliseconds kMostOfAHandOver{1000};  // on a machine that is very busy

/// What else may happen while the call is decided and carried out.
ChangeLock::Kind LockFor(const NotifiedCall& call, bool own_umasks) {
  using enum ChangeLock::Kind;
  switch (call.kind) {
    case CallKind::kOther:
    case CallKind::kExecute:
    case CallKind::kGetAttribute:
    case CallKind::kListAttributes:
    case CallKind::kHideMemory:
      return kNone;
    case CallKind::kOpen:
      if (!os::WantsChange(call.flags)) return kNone;
      break;
    // A link that comes to lie on a way changes what was found out about the way.
    case CallKind::kMakeSymlink:
    case CallKind::kLink:
    case CallKind::kRename:
      return kAlone;
    default:
      break;
  }
  return own_umasks ? kBesideOthers : kAlone;
}

bool IsOfSockets(CallKind kind) {
  switch (kind) {
    case CallKind::kConnect:
    case CallKind::kBind:
    case CallKind::kListen:
    case CallKind::kSend:
    case CallKind::kSendMessage:
    case CallKind::kSendMessages:
      return true;
    default:
      return false;
  }
}

/// What is missing for us may be there for the caller, whose /proc/self is another one: /dev/fd/N,
/// or a link that leads there.
bool IsPerhapsOfTheCaller(int from, const char* path) {
  if (std::string_view(path).starts_with("/dev/")) return true;
  return UniqueFd(os::OpenAnyPath(from, path, false)).valid();
}

}  // namespace

Broker::Broker(const Gate& gate, const Options& options, BrokerShared& shared)
    : options_(options),
      gate_(gate),
      shared_(shared),
      resolver_(gate_, options.shared_host),
      quick_open_(gate_, options.shared_host) {}

Broker::Answer Broker::Errno(int negative) {
  return {Answer::Kind::kError, negative < 0 ? -negative : 0};
}

Broker::Answer Broker::GoOn() { return {Answer::Kind::kContinue, 0}; }

void Broker::Serve(const NotifiedCall& call, DescriptorHandOver& hand_over) {
  UniqueFd pipe;
  if (options_.opens && quick_open_.Answer(shared_.listener, call, hand_over, pipe)) return;
  const Answer answer =
      pipe.valid() ? WaitForWriter(call, std::move(pipe)) : Decide(call, kPatience);
  Reply(call, answer, hand_over);
  RetryWaiting(hand_over);
  BeginToKeep();
}

void Broker::BeginToKeep() {
  const std::lock_guard lock(shared_.waiting);
  if (shared_.keeper != nullptr || !HasWaiting()) return;
  shared_.keeper = this;
  keeps_ = true;
}

void Broker::Keep(DescriptorHandOver& hand_over) {
  RetryWaiting(hand_over);
  const std::lock_guard lock(shared_.waiting);
  keeps_ = shared_.keeper == this && HasWaiting();
  if (shared_.keeper == this && !keeps_) shared_.keeper = nullptr;
}

void Broker::LeaveKeepingToOthers() {
  const std::unique_lock lock(shared_.waiting, std::try_to_lock);
  if (lock && shared_.keeper == this) shared_.keeper = nullptr;
}

void Broker::Reply(const NotifiedCall& call, const Answer& answer, DescriptorHandOver& hand_over) {
  switch (answer.kind) {
    case Answer::Kind::kError:
      os::AnswerError(shared_.listener, call.id, answer.value);
      break;
    case Answer::Kind::kContinue:
      os::AnswerContinue(shared_.listener, call.id);
      break;
    case Answer::Kind::kDescriptor: {
      const ChangeLock::Holder writable(shared_.handing_over,
                                        os::WantsWriteAccess(call.flags)
                                            ? ChangeLock::Kind::kBesideOthers
                                            : ChangeLock::Kind::kNone,
                                        kPatience);
      HandDescriptor(shared_.listener, call, answer.value, &hand_over);
      os::CloseFd(answer.value);
      break;
    }
    case Answer::Kind::kValue:
      os::AnswerValue(shared_.listener, call.id, answer.value);
      break;
    case Answer::Kind::kLater:
      break;
  }
}

void Broker::RetryWaiting(DescriptorHandOver& hand_over) {
  std::unique_lock lock(shared_.waiting);
  shared_.pipes.Retry(shared_.listener);
  for (std::size_t left = shared_.calls.count(); left > 0 && !shared_.calls.empty(); --left) {
    const NotifiedCall call = shared_.calls.Take();
    lock.unlock();
    if (!WaitingCalls::IsOver(shared_.listener, call)) {
      Reply(call, Decide(call, std::chrono::milliseconds(0)), hand_over);
    }
    lock.lock();
  }
}

void Broker::Rehearse() {
  NotifiedCall call;
  call.kind = CallKind::kOpen;
  call.thread = os::ProcessId();
  resolver_.For(call.thread);
  static const char kPath[] = "/usr";
  if (ReadPath(reinterpret_cast<os::TargetAddress>(kPath)) < 0) return;
  const Answer answer = OpenForReading(call, UniqueFd());
  if (answer.kind == Answer::Kind::kDescriptor) os::CloseFd(answer.value);
  Entry entry;
  static_cast<void>(resolver_.FindEntry(os::kCwd, "/usr/rehearsal", entry));
}

Broker::Answer Broker::Decide(const NotifiedCall& call, std::chrono::milliseconds patience) {
  const ChangeLock::Holder change(shared_.changes, LockFor(call, shared_.own_umasks), patience);
  if (!change) return Later(call);
  if (!IsOfSockets(call.kind)) return DecideHolding(call);
  const std::unique_lock sockets(shared_.sockets, patience);
  return sockets ? DecideHolding(call) : Later(call);
}

Broker::Answer Broker::DecideHolding(const NotifiedCall& call) {
  resolver_.For(call.thread);
  switch (call.kind) {
    case CallKind::kOther:
      return Errno(-ENOSYS);
    case CallKind::kOpen:
      return Open(call);
    case CallKind::kMakeDirectory:
    case CallKind::kMakeNode:
    case CallKind::kMakeSymlink:
      return Make(call);
    case CallKind::kLink:
      return Link(call);
    case CallKind::kRename:
      return Rename(call);
    case CallKind::kRemove:
      return Remove(call);
    case CallKind::kTruncate:
    case CallKind::kChangeMode:
    case CallKind::kChangeOwner:
    case CallKind::kChangeTimes:
    case CallKind::kSetAttribute:
    case CallKind::kRemoveAttribute:
      return ChangeObject(call);
    case CallKind::kGetAttribute:
    case CallKind::kListAttributes:
      return ReadAttributes(call);
    case CallKind::kExecute:
      return Execute(call);
    case CallKind::kHideMemory:
      return HideMemory();
    case CallKind::kConnect:
      return Connect(call);
    case CallKind::kBind:
      return Bind(call);
    case CallKind::kListen:
      return Listen(call);
    case CallKind::kSend:
    case CallKind::kSendMessage:
      return Send(call);
    case CallKind::kSendMessages:
      return SendMany(call);
  }
  return Errno(-ENOSYS);
}

Broker::Answer Broker::Refuse(const NotifiedCall& call, std::string_view path,
                              const Decision& decision, int error) {
  const std::lock_guard lock(shared_.refused);
  shared_.refusals.Note(call.kind, path, decision);
  return Errno(-error);
}

int Broker::ReadPath(os::TargetAddress address) {
  return os::ReadTargetString(resolver_.thread(), address, path_, sizeof path_);
}

/// Opens where path_ starts. Everything about the caller has been looked up then, so this is where
/// it has to be known to wait still.
int Broker::Start(const NotifiedCall& call, int dir, UniqueFd& out) {
  const int r = Resolver::OpenStart(call.thread, dir, path_, out);
  if (!os::IsWaiting(shared_.listener, call.id)) return -ESRCH;
  return r;
}

bool Broker::IsNative(std::string_view path) const {
  return options_.fenced && !gate_.IsMediated(path);
}

/// Files are made with the caller's mask, so that the directory's default access list counts as it
/// would for the caller (acl(5)).
void Broker::TakeUmask(const NotifiedCall& call) {
  os::ProcessFacts facts;
  if (os::ReadProcessFacts(call.thread, facts) < 0) facts.umask = 077;
  os::SetUmask(facts.umask);
}

Broker::Answer Broker::Open(const NotifiedCall& call) {
  if (os::WantsPathOnly(call.flags)) return GoOn();  // gives no access to any content
  if (os::WantsCreation(call.flags) || os::WantsUnnamed(call.flags)) {
    if ((call.mode & kSetIdBits) != 0) return Errno(-EPERM);
  }
  const bool change = os::WantsChange(call.flags);
  if (!options_.opens && !change) return GoOn();
  if (const int r = ReadPath(call.path); r < 0) return Errno(r);
  if (*path_ == '\0') return Errno(-ENOENT);
  UniqueFd start;
  if (const int r = Start(call, call.dir, start); r < 0) return Errno(r);
  const Answer answer =
      change ? OpenForChange(call, std::move(start)) : OpenForReading(call, std::move(start));
  // Somebody has a lease on the file and is told to give way (fcntl(2)).
  const bool leased = answer.kind == Answer::Kind::kError && answer.value == EAGAIN;
  return leased && !os::WantsNoWaiting(call.flags) ? Later(call) : answer;
}

/// A link whose name a pattern matches is closed like a file of that name, wherever it leads. The
/// answer for a name that is not there stays "not there", which is known only when it was opened.
/// False, and the refusal is noted, when path_ is or crosses such a name on its way to `found`.
bool Broker::IsWayOpen(const NotifiedCall& call, int start, bool follow, std::string_view found) {
  Decision decision;
  decision.pattern = resolver_.ClosedOnTheWay(start, path_, follow, found);
  if (decision.pattern == nullptr) return true;
  Refuse(call, resolver_.closed_link(), decision, EACCES);
  return false;
}

Broker::Answer Broker::OpenForReading(const NotifiedCall& call, UniqueFd start) {
  const int from = start.valid() ? start.get() : os::kCwd;
  if (std::string_view(path_) == "/dev/tty") {
    const int terminal = os::OpenTerminalOf(call.thread, call.flags);
    return terminal < 0 ? Errno(terminal) : Answer{Answer::Kind::kDescriptor, terminal};
  }
  if (IsProcPath(path_)) return OpenByWalking(call, from);
  UniqueFd fd(os::OpenForReading(from, path_, call.flags));
  if (fd.get() == -ELOOP) return OpenByWalking(call, from);
  if (fd.get() == -ENOENT && IsPerhapsOfTheCaller(from, path_)) return OpenByWalking(call, from);
  if (!fd.valid()) return Errno(fd.get());
  const int length = os::PathOf(fd.get(), found_.room(), PathBuffer::size());
  if (length < 0) return Errno(length);
  found_.SetLength(static_cast<std::size_t>(length));
  if (IsProcPath(found_.view())) return OpenByWalking(call, from);
  const Decision decision = gate_.At(found_.view());
  if (decision.access == Access::kNone && !IsWay(found_.view(), decision)) {
    return Refuse(call, found_.view(), decision, EACCES);
  }
  if (!IsWayOpen(call, from, true, found_.view())) return Errno(-EACCES);
  return HandOver(call, std::move(fd), found_.view());
}

/// What no rule grants and nobody denies either: in a private root the directories that only lead
/// somewhere, which are empty ones of ours; /proc and /dev, where mounts or Landlock decide.
bool Broker::IsWay(std::string_view path, const Decision& decision) const {
  if (decision.pattern != nullptr) return false;
  if (decision.rule != nullptr && decision.rule->path != "/") return false;
  return !options_.shared_host || IsAtOrBelow(path, "/dev") || IsProcPath(path);
}

Broker::Answer Broker::OpenByWalking(const NotifiedCall& call, int start) {
  Object object;
  if (const int r = resolver_.WalkToObject(start, path_, call.follow, object); r < 0) {
    return Errno(r);
  }
  OpenedFile file;
  if (const int r = os::Inspect(object.place.get(), file); r < 0) return Errno(r);
  if (file.kind == OpenedFile::Kind::kLink) return Errno(-ELOOP);
  const Decision decision = gate_.At(object.path.view());
  if (decision.access == Access::kNone && !IsWay(object.path.view(), decision)) {
    return Refuse(call, object.path.view(), decision, EACCES);
  }
  // Procfs asks who opens; our own capability must not answer for the caller.
  if (object.on_proc) os::UseTraceCapability(false);
  UniqueFd fd(os::Reopen(object.place.get(), call.flags));
  if (object.on_proc) os::UseTraceCapability(true);
  if (!fd.valid()) return Errno(fd.get());
  return HandOver(call, std::move(fd), object.path.view());
}

/// A device, or a file of the kernel's own, in a place where none are known of: where there are no
/// mounts of ours the host may make one at any time.
bool Broker::IsOddInterface(int fd, const OpenedFile& file, std::string_view path) const {
  if (!options_.shared_host || HasNoPlace(path) || IsProcPath(path)) return false;
  if (IsAtOrBelow(path, "/dev") || IsAtOrBelow(path, "/sys")) return false;
  return file.kind == OpenedFile::Kind::kOther || os::IsKernelInterface(fd);
}

Broker::Answer Broker::HandOver(const NotifiedCall& call, UniqueFd fd, std::string_view path) {
  OpenedFile file;
  if (const int r = os::Inspect(fd.get(), file); r < 0) return Errno(r);
  if (IsOddInterface(fd.get(), file, path)) return Errno(-EACCES);
  // Nobody keeps another name of a secret among the system's programs, where many files have two.
  if (file.kind == OpenedFile::Kind::kRegular && file.links > 1 && options_.opens &&
      !IsAtOrBelow(path, "/usr") && shared_.denied_files.Contains(file.dev, file.ino)) {
    return Refuse(call, path, Decision{}, EACCES);
  }
  // A pipe without a name never waits, even when its other end is gone.
  if (file.kind == OpenedFile::Kind::kPipe && !HasNoPlace(path) &&
      !os::WantsWriteAccess(call.flags)) {
    return WaitForWriter(call, std::move(fd));
  }
  return {Answer::Kind::kDescriptor, fd.Release()};
}

Broker::Answer Broker::WaitForWriter(const NotifiedCall& call, UniqueFd pipe) {
  if (os::WantsNoWaiting(call.flags) || os::HasWriter(pipe.get()) != 0) {
    return {Answer::Kind::kDescriptor, pipe.Release()};
  }
  const std::lock_guard lock(shared_.waiting);
  if (const int r = shared_.pipes.Add(call, std::move(pipe), false); r < 0) return Errno(r);
  return {Answer::Kind::kLater, 0};
}

Broker::Answer Broker::OpenForChange(const NotifiedCall& call, UniqueFd start) {
  for (int links = 0; links < kMostLinks; ++links) {
    const int from = start.valid() ? start.get() : os::kCwd;
    Entry entry;
    if (const int r = resolver_.FindEntry(from, path_, entry); r < 0) return Errno(r);
    if (entry.on_proc) return OpenOnProc(call, from);
    if (!IsWayOpen(call, from, false, entry.path.view())) return Errno(-EACCES);
    const bool mediated = gate_.IsMediated(entry.path.view());
    // A link that the caller wants to follow: what matters is where it leads.
    const bool follow = call.follow && !os::WantsNewFile(call.flags);
    const Decision decision = gate_.At(entry.path.view());
    if (follow && (!mediated || decision.access != Access::kWrite) && !decision.pattern) {
      const int length = os::ReadLinkAt(entry.dir.get(), entry.name, path_, sizeof path_);
      if (length >= 0) {
        start = *path_ == '/' ? UniqueFd() : std::move(entry.dir);
        continue;
      }
    }
    if (!mediated && options_.fenced && (os::WantsWriteAccess(call.flags) || !options_.opens)) {
      return GoOn();
    }
    const Answer answer = OpenEntry(call, entry, decision, mediated);
    if (answer.kind != Answer::Kind::kError || answer.value != ELOOP || !follow) return answer;
    const int length = os::ReadLinkAt(entry.dir.get(), entry.name, path_, sizeof path_);
    if (length < 0) return answer;
    start = *path_ == '/' ? UniqueFd() : std::move(entry.dir);
  }
  return Errno(-ELOOP);
}

/// For writing, procfs is the kernel's business, unless one of its links leads back to files.
Broker::Answer Broker::OpenOnProc(const NotifiedCall& call, int start) {
  Object object;
  if (const int r = resolver_.WalkToObject(start, path_, call.follow, object); r < 0) {
    return Errno(r);
  }
  const std::string_view path = object.path.view();
  const bool own = options_.shared_host && object.on_proc && resolver_.IsOfCaller(path);
  const bool native = options_.fenced && os::WantsWriteAccess(call.flags) && !own;
  if (native && !gate_.IsMediated(path)) return GoOn();
  if (const Decision decision = gate_.At(path);
      decision.access != Access::kWrite && gate_.IsMediated(path)) {
    return Refuse(call, path, decision, EACCES);
  }
  if (object.on_proc) os::UseTraceCapability(false);
  UniqueFd fd(os::Reopen(object.place.get(), os::WithoutCreation(call.flags)));
  if (object.on_proc) os::UseTraceCapability(true);
  if (!fd.valid()) return Errno(fd.get());
  return HandOver(call, std::move(fd), object.path.view());
}

Broker::Answer Broker::OpenEntry(const NotifiedCall& call, Entry& entry, const Decision& decision,
                                 bool mediated) {
  std::uint32_t flags = call.flags;
  const bool changes = os::WantsWriteAccess(flags) || os::WantsEmpty(flags) ||
                       os::WantsUnnamed(flags) || os::WantsNewFile(flags);
  if (!MayChange(entry.path.view(), decision)) {
    const bool exists = os::Exists(entry.dir.get(), entry.name) == 1;
    if (exists && os::WantsNewFile(flags)) return Errno(-EEXIST);
    if (!exists && !os::WantsCreation(flags)) return Errno(-ENOENT);
    if (!exists || changes || decision.access == Access::kNone) {
      return Refuse(call, entry.path.view(), decision, EACCES);
    }
    flags = os::WithoutCreation(flags);
  }
  if (os::WantsCreation(flags) || os::WantsUnnamed(flags)) TakeUmask(call);
  UniqueFd fd(os::OpenNameWith(entry.dir.get(), entry.name, flags, call.mode));
  if (fd.get() == -ENXIO) return WaitForReader(call, entry);
  if (!fd.valid()) return Errno(fd.get());
  // Where it really was when it was opened: its directory may have been moved by somebody outside.
  const int length = os::PathOf(fd.get(), found_.room(), PathBuffer::size());
  if (length < 0) return Errno(length);
  found_.SetLength(static_cast<std::size_t>(length));
  const Decision opened = gate_.At(found_.view());
  if ((opened.access == Access::kNone && !IsWay(found_.view(), opened)) ||
      (mediated && changes && opened.access != Access::kWrite)) {
    return Refuse(call, found_.view(), opened, EACCES);
  }
  return HandOver(call, std::move(fd), found_.view());
}

Broker::Answer Broker::WaitForReader(const NotifiedCall& call, const Entry& entry) {
  UniqueFd place(os::OpenName(entry.dir.get(), entry.name));
  if (!place.valid()) return Errno(place.get());
  OpenedFile file;
  if (const int r = os::Inspect(place.get(), file); r < 0) return Errno(r);
  if (file.kind != OpenedFile::Kind::kPipe || os::WantsNoWaiting(call.flags)) return Errno(-ENXIO);
  const std::lock_guard lock(shared_.waiting);
  if (const int r = shared_.pipes.Add(call, std::move(place), true); r < 0) return Errno(r);
  return {Answer::Kind::kLater, 0};
}

/// Whether a program may be started can be asked, but only the kernel can start it: a path that
/// another thread changes meanwhile starts another program, and shows nobody its content. What a
/// script or a program names as the one to start with it is asked about as well.
Broker::Answer Broker::Execute(const NotifiedCall& call) {
  {
    const ChangeLock::Holder nobody_hands_over(shared_.handing_over, ChangeLock::Kind::kAlone,
                                               kMostOfAHandOver);
  }
  Object object;
  const int r = FindCalled(call, object);
  if (r == -EACCES) return Errno(r);
  if (r < 0) return GoOn();  // the kernel says what is wrong
  for (int nested = 0; nested <= kMostInterpreters; ++nested) {
    const Decision decision = gate_.At(object.path.view());
    if (decision.access == Access::kNone && !IsWay(object.path.view(), decision)) {
      return Refuse(call, object.path.view(), decision, EACCES);
    }
    if (!options_.opens) break;
    const int length = FindInterpreter(object);
    if (length < 0) return Errno(length);
    if (length == 0) break;
    UniqueFd start;
    if (const int at = Start(call, os::kCwd, start); at < 0) return Errno(at);
    const int from = start.valid() ? start.get() : os::kCwd;
    Object next;
    if (resolver_.FindObject(from, path_, true, next) < 0) break;
    if (!IsWayOpen(call, from, true, next.path.view())) return Errno(-EACCES);
    object = std::move(next);
  }
  return GoOn();
}

/// What a program asks for once its memory is hidden from us we cannot read. It hears so now, and
/// not of every file later.
Broker::Answer Broker::HideMemory() const { return options_.traces ? GoOn() : Errno(-EPERM); }

/// Puts the path of what the kernel starts with a program into path_.
int Broker::FindInterpreter(const Object& program) {
  OpenedFile file;
  if (const int r = os::Inspect(program.place.get(), file); r < 0) return r;
  if (file.kind != OpenedFile::Kind::kRegular) return 0;
  const UniqueFd fd(os::Reopen(program.place.get(), 0));
  if (fd.valid()) return ReadInterpreter(fd.get(), path_, sizeof path_);
  // The kernel reads what we may not. Only its owner can have written something for that.
  return file.uid == os::EffectiveUserId() ? fd.get() : 0;
}

}  // namespace ambit::run
