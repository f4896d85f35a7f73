#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/path_text.h"
#include "os/mount_calls.h"
#include "run/broker.h"
#include "run/move_check.h"

/// The part of the broker that makes, moves, removes and changes files.
namespace ambit::run {
namespace {

using os::CallKind;
using os::NotifiedCall;
using os::OpenedFile;
using os::UniqueFd;
using policy::Access;
using policy::Decision;

constexpr std::uint32_t kSetIdBits = 06000;
constexpr std::uint32_t kFileType = 0170000;
constexpr std::uint32_t kRegular = 0100000;
constexpr std::uint32_t kPipe = 0010000;
constexpr std::uint32_t kSocket = 0140000;

bool IsPlainNode(std::uint32_t mode) {
  const std::uint32_t type = mode & kFileType;
  return (mode & kSetIdBits) == 0 &&
         (type == 0 || type == kRegular || type == kPipe || type == kSocket);
}

Decision Because(const policy::PathRule* rule) {
  Decision out;
  out.rule = rule;
  return out;
}

Decision Because(const policy::PatternRule* pattern) {
  Decision out;
  out.pattern = pattern;
  return out;
}

/// A writable disk does not mean the devices, the processes and the kernel's switches beside it.
bool IsOfTheHost(std::string_view path, const Decision& decision) {
  return decision.rule != nullptr && decision.rule->path == "/" &&
         (IsAtOrBelow(path, "/dev") || IsAtOrBelow(path, "/proc") || IsAtOrBelow(path, "/sys"));
}

/// Also when it cannot be told.
bool IsLink(const Entry& entry) {
  const UniqueFd place(os::OpenName(entry.dir.get(), entry.name));
  if (place.get() == -ENOENT) return false;
  OpenedFile file;
  return !place.valid() || os::Inspect(place.get(), file) < 0 ||
         file.kind == OpenedFile::Kind::kLink;
}

}  // namespace

int Broker::FindEntry(const NotifiedCall& call, int dir, os::TargetAddress address, Entry& out) {
  if (const int r = ReadPath(address); r < 0) return r;
  UniqueFd start;
  if (const int r = Start(call, dir, start); r < 0) return r;
  const int from = start.valid() ? start.get() : os::kCwd;
  if (const int r = resolver_.FindEntry(from, path_, out); r < 0) return r;
  return IsWayOpen(call, from, false, out.path.view()) ? 0 : -EACCES;
}

/// What the call is about, when that has to exist.
int Broker::FindCalled(const NotifiedCall& call, Object& out) {
  *path_ = '\0';
  if (!call.on_descriptor) {
    if (const int r = ReadPath(call.path); r < 0) return r;
  }
  UniqueFd start;
  if (const int r = Start(call, call.dir, start); r < 0) return r;
  if (*path_ != '\0') {
    const int from = start.valid() ? start.get() : os::kCwd;
    if (const int r = resolver_.FindObject(from, path_, call.follow, out); r < 0) return r;
    return IsWayOpen(call, from, call.follow, out.path.view()) ? 0 : -EACCES;
  }
  if (!call.on_descriptor && !call.empty_is_dir) return -ENOENT;
  const int length = os::PathOf(start.get(), out.path.room(), PathBuffer::size());
  if (length < 0) return length;
  out.path.SetLength(static_cast<std::size_t>(length));
  out.place = std::move(start);
  return 0;
}

Broker::Answer Broker::Make(const NotifiedCall& call) {
  if (call.kind == CallKind::kMakeNode && !IsPlainNode(call.mode)) return Errno(-EPERM);
  Entry entry;
  if (const int r = FindEntry(call, call.dir, call.path, entry); r < 0) return Errno(r);
  const std::string_view path = entry.path.view();
  if (IsNative(path)) return GoOn();
  const Decision decision = gate_.At(path);
  if (!MayChange(path, decision)) {
    if (os::Exists(entry.dir.get(), entry.name) == 1) return Errno(-EEXIST);
    return Refuse(call, path, decision, EACCES);
  }
  if (call.kind == CallKind::kMakeSymlink) {
    // A link on the way to what a rule names would let the rule's path mean another place.
    if (const policy::PathRule* const rule = gate_.RuleBelow(path)) {
      return Refuse(call, path, Because(rule), EACCES);
    }
    if (const policy::PatternRule* const pattern = gate_.PatternAnchoredBelow(path)) {
      return Refuse(call, path, Because(pattern), EACCES);
    }
    const int length = os::ReadTargetString(call.thread, call.text, text_, sizeof text_);
    if (length < 0) return Errno(length);
    if (!os::IsWaiting(shared_.listener, call.id)) return Errno(-ESRCH);
    return Errno(os::MakeSymlink(text_, entry.dir.get(), entry.name));
  }
  TakeUmask(call);
  if (call.kind == CallKind::kMakeDirectory) {
    return Errno(os::MakeDirectory(entry.dir.get(), entry.name, call.mode));
  }
  return Errno(os::MakeNode(entry.dir.get(), entry.name, call.mode, call.device));
}

bool Broker::MayChange(std::string_view path, const Decision& decision) const {
  // What is not ours to carry out, the mounts decide.
  return gate_.IsMediated(path) ? decision.access == Access::kWrite
                                : decision.access != Access::kNone || IsWay(path, decision);
}

bool Broker::MayReplace(std::string_view path, const Decision& decision) {
  if (!MayChange(path, decision)) return false;
  const std::string_view dir = ParentPath(path);
  return !gate_.IsMediated(dir) || gate_.At(dir).access == Access::kWrite;
}

Broker::Answer Broker::Link(const NotifiedCall& call) {
  Entry old_name;
  Object old_file;
  const bool by_name = !call.follow && !call.empty_is_dir;
  const int r =
      by_name ? FindEntry(call, call.dir, call.path, old_name) : FindCalled(call, old_file);
  if (r < 0) return Errno(r);
  const std::string_view old_path = by_name ? old_name.path.view() : old_file.path.view();
  Entry entry;
  if (const int s = FindEntry(call, call.second_dir, call.second_path, entry); s < 0) {
    return Errno(s);
  }
  const std::string_view path = entry.path.view();
  const bool unnamed = HasNoPlace(old_path);
  if (IsNative(path) && (unnamed || IsNative(old_path))) return GoOn();
  const Decision on_old = gate_.At(old_path);
  const Decision on_new = gate_.At(path);
  if (!MayChange(path, on_new)) {
    if (os::Exists(entry.dir.get(), entry.name) == 1) return Errno(-EEXIST);
    return Refuse(call, path, on_new, EACCES);
  }
  // A second name under which more is allowed than under the first would undo the rule.
  if (!MayChange(old_path, on_old)) {
    if (by_name && os::Exists(old_name.dir.get(), old_name.name) != 1) return Errno(-ENOENT);
    return Refuse(call, old_path, on_old, EACCES);
  }
  if (by_name) {
    const policy::PatternRule* const pattern = gate_.PatternAnchoredBelow(path);
    if (pattern != nullptr && IsLink(old_name)) {
      return Refuse(call, path, Because(pattern), EACCES);
    }
    return Errno(os::LinkName(old_name.dir.get(), old_name.name, entry.dir.get(), entry.name));
  }
  return Errno(os::LinkOpened(old_file.place.get(), entry.dir.get(), entry.name));
}

/// Whether `from` may come to be called `to`: no rule may lose its place by it.
Broker::Answer Broker::CheckMove(const NotifiedCall& call, const Entry& from, const Entry& to) {
  const std::string_view old_path = from.path.view();
  const std::string_view path = to.path.view();
  if (gate_.IsClosedBelow(old_path) || gate_.IsClosedBelow(path)) return Errno(-EBUSY);
  if (const policy::PathRule* const rule = gate_.RuleBelow(old_path)) {
    return Refuse(call, old_path, Because(rule), EBUSY);
  }
  if (const policy::PathRule* const rule = gate_.RuleBelow(path)) {
    return Refuse(call, path, Because(rule), EBUSY);
  }
  if (const policy::PatternRule* const pattern = gate_.PatternAnchoredBelow(old_path)) {
    return Refuse(call, old_path, Because(pattern), EBUSY);
  }
  if (const policy::PatternRule* const pattern = gate_.PatternAnchoredBelow(path);
      pattern != nullptr && IsLink(from)) {
    return Refuse(call, path, Because(pattern), EBUSY);
  }
  const MoveCheck check(gate_.policy(), old_path, path);
  if (!check.needed()) return Errno(0);
  const UniqueFd place(os::OpenName(from.dir.get(), from.name));
  if (!place.valid()) return Errno(place.get());
  OpenedFile file;
  if (const int r = os::Inspect(place.get(), file); r < 0) return Errno(r);
  if (file.kind != OpenedFile::Kind::kDirectory) return Errno(0);
  // What cannot be listed, its owner may have closed for the time of the move.
  const UniqueFd dir(os::OpenNameWith(from.dir.get(), from.name, 0, 0));
  if (!dir.valid()) return Errno(-EBUSY);
  const policy::PatternRule* lost = nullptr;
  const int r = check.Look(dir.get(), lost);
  if (lost != nullptr) return Refuse(call, old_path, Because(lost), EBUSY);
  return Errno(r);
}

Broker::Answer Broker::Rename(const NotifiedCall& call) {
  Entry from;
  if (const int r = FindEntry(call, call.dir, call.path, from); r < 0) return Errno(r);
  Entry to;
  if (const int r = FindEntry(call, call.second_dir, call.second_path, to); r < 0) return Errno(r);
  const bool native_from = IsNative(from.path.view());
  const bool native_to = IsNative(to.path.view());
  if (native_from && native_to) return GoOn();
  // They lie on different mounts; callers copy instead.
  if (native_from != native_to) return Errno(-EXDEV);
  const Decision on_old = gate_.At(from.path.view());
  if (!MayReplace(from.path.view(), on_old)) {
    if (os::Exists(from.dir.get(), from.name) != 1) return Errno(-ENOENT);
    return Refuse(call, from.path.view(), on_old, EACCES);
  }
  const Decision on_new = gate_.At(to.path.view());
  if (!MayReplace(to.path.view(), on_new)) return Refuse(call, to.path.view(), on_new, EACCES);
  if (const Answer answer = CheckMove(call, from, to); answer.value != 0) return answer;
  if (os::IsExchange(call.flags)) {
    if (const Answer answer = CheckMove(call, to, from); answer.value != 0) return answer;
  }
  return Errno(os::Rename(from.dir.get(), from.name, to.dir.get(), to.name, call.flags));
}

Broker::Answer Broker::Remove(const NotifiedCall& call) {
  Entry entry;
  if (const int r = FindEntry(call, call.dir, call.path, entry); r < 0) return Errno(r);
  const std::string_view path = entry.path.view();
  if (IsNative(path)) return GoOn();
  const Decision decision = gate_.At(path);
  if (!MayReplace(path, decision)) {
    if (os::Exists(entry.dir.get(), entry.name) != 1) return Errno(-ENOENT);
    return Refuse(call, path, decision, EACCES);
  }
  if (call.directory) {
    if (const policy::PathRule* const rule = gate_.RuleBelow(path)) {
      return Refuse(call, path, Because(rule), EBUSY);
    }
    // Where a pattern starts nothing but another directory can take the place of an empty one.
  }
  return Errno(os::Remove(entry.dir.get(), entry.name, call.directory));
}

/// Whether it lies in a file system that only the sandbox has, and that it may write to.
bool Broker::IsOurs(const Object& object) {
  OpenedFile file;
  if (os::Inspect(object.place.get(), file) < 0) return false;
  const auto is_below = [&file](const char* path) {
    const UniqueFd top(os::OpenPlace(os::kCwd, path));
    OpenedFile own;
    return top.valid() && os::Inspect(top.get(), own) == 0 && own.dev == file.dev;
  };
  return is_below("/dev/pts") || (options_.own_shm && is_below("/dev/shm"));
}

/// The calls that change an existing file but for its content. The fence does not cover them, so
/// they are carried out here wherever they go.
Broker::Answer Broker::ChangeObject(const NotifiedCall& call) {
  if (call.kind == CallKind::kChangeMode && (call.mode & kSetIdBits) != 0) return Errno(-EPERM);
  Object object;
  if (const int r = FindCalled(call, object); r < 0) return Errno(r);
  const Decision decision = gate_.At(object.path.view());
  // Landlock knows nothing of these calls, and a descriptor from outside nothing of our mounts, so
  // nobody else says no.
  const bool may = options_.shared_host ? decision.access == Access::kWrite &&
                                              !IsOfTheHost(object.path.view(), decision)
                                        : decision.access == Access::kWrite || IsOurs(object);
  if (!may) return Refuse(call, object.path.view(), decision, EACCES);
  const int r = Apply(call, object);
  return r == -EAGAIN && call.kind == CallKind::kTruncate ? Later(call) : Errno(r);
}

Broker::Answer Broker::ReadAttributes(const NotifiedCall& call) {
  Object object;
  if (const int r = FindCalled(call, object); r < 0) return Errno(r);
  const std::string_view path = object.path.view();
  const Decision decision = gate_.At(path);
  if (decision.access == Access::kNone && !IsWay(path, decision)) {
    return Errno(-EOPNOTSUPP);  // not worth a word of ls(1), which asks about every name it shows
  }
  const std::size_t room = std::min<std::size_t>(call.data_size, sizeof value_);
  int length = 0;
  if (call.kind == CallKind::kListAttributes) {
    length = os::ListAttributes(object.place.get(), value_, room);
  } else {
    if (const int r = os::ReadTargetString(call.thread, call.text, text_, sizeof text_); r < 0) {
      return Errno(r);
    }
    length = os::GetAttribute(object.place.get(), text_, value_, room);
  }
  if (length < 0) return Errno(length);
  if (!os::IsWaiting(shared_.listener, call.id)) return Errno(-ESRCH);
  if (room > 0 && length > 0) {
    const auto size = static_cast<std::size_t>(length);
    if (const int r = os::WriteTarget(call.thread, call.data, value_, size); r < 0) return Errno(r);
  }
  return {Answer::Kind::kValue, length};
}

int Broker::Apply(const NotifiedCall& call, const Object& object) {
  const int place = object.place.get();
  switch (call.kind) {
    case CallKind::kTruncate:
      return os::Truncate(place, call.length);
    case CallKind::kChangeMode:
      return os::ChangeMode(place, call.mode);
    case CallKind::kChangeOwner:
      return os::ChangeOwner(place, call.owner, call.group);
    case CallKind::kChangeTimes: {
      if (call.data == 0) return os::ChangeTimes(place, nullptr);
      os::FileTimes times{};
      const int r = os::ReadTargetTimes(call.thread, call.data, call.times, times);
      if (r < 0) return r;
      if (!os::IsWaiting(shared_.listener, call.id)) return -ESRCH;
      return os::ChangeTimes(place, &times);
    }
    case CallKind::kSetAttribute: {
      if (call.data_size > sizeof value_) return -E2BIG;
      if (const int r = os::ReadTargetString(call.thread, call.text, text_, sizeof text_); r < 0) {
        return r;
      }
      const auto size = static_cast<std::size_t>(call.data_size);
      const int n = size == 0 ? 0 : os::ReadTarget(call.thread, call.data, value_, size);
      if (n < 0) return n;
      if (static_cast<std::size_t>(n) != size) return -EFAULT;
      if (!os::IsWaiting(shared_.listener, call.id)) return -ESRCH;
      return os::SetAttribute(place, text_, value_, size, call.flags);
    }
    case CallKind::kRemoveAttribute: {
      const int r = os::ReadTargetString(call.thread, call.text, text_, sizeof text_);
      if (r < 0) return r;
      if (!os::IsWaiting(shared_.listener, call.id)) return -ESRCH;
      return os::RemoveAttribute(place, text_);
    }
    default:
      return -ENOSYS;
  }
}

}  // namespace ambit::run
