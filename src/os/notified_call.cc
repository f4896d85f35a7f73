#include "os/notified_call.h"

#include <fcntl.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/kernel_abi.h"
#include "os/proc_path.h"
#include "os/unique_fd.h"

namespace ambit::os {
namespace {

int Check(long result) { return result < 0 ? -errno : static_cast<int>(result); }

/// Numbers as the kernel reads them: the low half of a register.
int ToInt(std::uint64_t argument) { return static_cast<int>(static_cast<std::uint32_t>(argument)); }
std::uint32_t ToBits(std::uint64_t argument) { return static_cast<std::uint32_t>(argument); }

using Arguments = std::uint64_t[6];

NotifiedCall OnPath(CallKind kind, int dir, TargetAddress path) {
  NotifiedCall call;
  call.kind = kind;
  call.dir = dir;
  call.path = path;
  return call;
}

NotifiedCall OnDescriptor(CallKind kind, int fd) {
  NotifiedCall call = OnPath(kind, fd, 0);
  call.on_descriptor = true;
  return call;
}

NotifiedCall Open(int dir, TargetAddress path, std::uint32_t flags, std::uint64_t mode) {
  NotifiedCall call = OnPath(CallKind::kOpen, dir, path);
  call.flags = flags;
  call.mode = ToBits(mode) & 07777;
  call.follow = (flags & O_NOFOLLOW) == 0;
  return call;
}

NotifiedCall MakeDirectory(int dir, TargetAddress path, std::uint64_t mode) {
  NotifiedCall call = OnPath(CallKind::kMakeDirectory, dir, path);
  call.mode = ToBits(mode) & 01777;
  return call;
}

NotifiedCall MakeNode(int dir, TargetAddress path, std::uint64_t mode, std::uint64_t device) {
  NotifiedCall call = OnPath(CallKind::kMakeNode, dir, path);
  call.mode = ToBits(mode);
  call.device = device;
  return call;
}

NotifiedCall MakeSymlink(TargetAddress text, int dir, TargetAddress path) {
  NotifiedCall call = OnPath(CallKind::kMakeSymlink, dir, path);
  call.text = text;
  return call;
}

NotifiedCall TwoNames(CallKind kind, int dir, TargetAddress path, int second_dir,
                      TargetAddress second_path, std::uint64_t flags) {
  NotifiedCall call = OnPath(kind, dir, path);
  call.second_dir = second_dir;
  call.second_path = second_path;
  call.flags = ToBits(flags);
  call.follow = kind == CallKind::kLink && (call.flags & AT_SYMLINK_FOLLOW) != 0;
  call.empty_is_dir = kind == CallKind::kLink && (call.flags & AT_EMPTY_PATH) != 0;
  return call;
}

NotifiedCall Remove(int dir, TargetAddress path, bool directory) {
  NotifiedCall call = OnPath(CallKind::kRemove, dir, path);
  call.follow = false;
  call.directory = directory;
  return call;
}

/// Applies the AT_ flags that the metadata calls have in common.
NotifiedCall WithAtFlags(NotifiedCall call, std::uint64_t flags) {
  call.follow = (flags & AT_SYMLINK_NOFOLLOW) == 0;
  call.empty_is_dir = (flags & AT_EMPTY_PATH) != 0;
  return call;
}

NotifiedCall ChangeMode(NotifiedCall call, std::uint64_t mode) {
  call.mode = ToBits(mode) & 07777;
  return call;
}

NotifiedCall ChangeOwner(NotifiedCall call, std::uint64_t owner, std::uint64_t group) {
  call.owner = ToBits(owner);
  call.group = ToBits(group);
  return call;
}

NotifiedCall ChangeTimes(NotifiedCall call, TargetAddress data, TimesForm form) {
  call.data = data;
  call.times = form;
  return call;
}

NotifiedCall SetAttribute(NotifiedCall call, const Arguments& a) {
  call.text = a[1];
  call.data = a[2];
  call.data_size = a[3];
  call.flags = ToBits(a[4]);
  return call;
}

NotifiedCall RemoveAttribute(NotifiedCall call, const Arguments& a) {
  call.text = a[1];
  return call;
}

NotifiedCall ListAttributes(NotifiedCall call, const Arguments& a) {
  call.data = a[1];
  call.data_size = a[2];
  return call;
}

NotifiedCall NoFollow(NotifiedCall call) {
  call.follow = false;
  return call;
}

NotifiedCall WithAddress(NotifiedCall call, TargetAddress address, std::uint64_t size) {
  call.path = address;
  call.address_size = ToBits(size);
  return call;
}

NotifiedCall Sending(CallKind kind, std::uint64_t socket, TargetAddress data, std::uint64_t size,
                     std::uint64_t flags) {
  NotifiedCall call = OnDescriptor(kind, ToInt(socket));
  call.data = data;
  call.data_size = size;
  call.flags = ToBits(flags);
  return call;
}

/// utimensat(2) without a path works on the descriptor.
NotifiedCall Utimensat(const Arguments& a) {
  if (a[1] == 0) {
    return ChangeTimes(OnDescriptor(CallKind::kChangeTimes, ToInt(a[0])), a[2],
                       TimesForm::kTimespec);
  }
  return ChangeTimes(WithAtFlags(OnPath(CallKind::kChangeTimes, ToInt(a[0]), a[1]), a[3]), a[2],
                     TimesForm::kTimespec);
}

/// Calls that only older architectures have; their numbers do not exist elsewhere.
NotifiedCall DecodeOldCall(int number, const Arguments& a) {
#if defined(__x86_64__)
  using enum CallKind;
  switch (number) {
    case SYS_open:
      return Open(AT_FDCWD, a[0], ToBits(a[1]), a[2]);
    case SYS_creat:
      return Open(AT_FDCWD, a[0], O_CREAT | O_WRONLY | O_TRUNC, a[1]);
    case SYS_mkdir:
      return MakeDirectory(AT_FDCWD, a[0], a[1]);
    case SYS_mknod:
      return MakeNode(AT_FDCWD, a[0], a[1], a[2]);
    case SYS_symlink:
      return MakeSymlink(a[0], AT_FDCWD, a[1]);
    case SYS_link:
      return TwoNames(kLink, AT_FDCWD, a[0], AT_FDCWD, a[1], 0);
    case SYS_rename:
      return TwoNames(kRename, AT_FDCWD, a[0], AT_FDCWD, a[1], 0);
    case SYS_unlink:
      return Remove(AT_FDCWD, a[0], false);
    case SYS_rmdir:
      return Remove(AT_FDCWD, a[0], true);
    case SYS_chmod:
      return ChangeMode(OnPath(kChangeMode, AT_FDCWD, a[0]), a[1]);
    case SYS_chown:
      return ChangeOwner(OnPath(kChangeOwner, AT_FDCWD, a[0]), a[1], a[2]);
    case SYS_lchown:
      return ChangeOwner(NoFollow(OnPath(kChangeOwner, AT_FDCWD, a[0])), a[1], a[2]);
    case SYS_utime:
      return ChangeTimes(OnPath(kChangeTimes, AT_FDCWD, a[0]), a[1], TimesForm::kSeconds);
    case SYS_utimes:
      return ChangeTimes(OnPath(kChangeTimes, AT_FDCWD, a[0]), a[1], TimesForm::kTimeval);
    case SYS_futimesat:
      if (a[1] == 0) {
        return ChangeTimes(OnDescriptor(kChangeTimes, ToInt(a[0])), a[2], TimesForm::kTimeval);
      }
      return ChangeTimes(OnPath(kChangeTimes, ToInt(a[0]), a[1]), a[2], TimesForm::kTimeval);
    default:
      return {};
  }
#else
  static_cast<void>(number);
  static_cast<void>(a);
  return {};
#endif
}

/// struct seccomp_notif and its answer may grow with the kernel; these leave room.
template <class T>
union Padded {
  T value;
  unsigned char room[512];
};

/// Whether the kernel's structures fit into ours.
bool SizesFit() {
  seccomp_notif_sizes sizes{};
  if (::syscall(SYS_seccomp, SECCOMP_GET_NOTIF_SIZES, 0, &sizes) < 0) return false;
  return sizes.seccomp_notif <= sizeof(Padded<seccomp_notif>) &&
         sizes.seccomp_notif_resp <= sizeof(Padded<seccomp_notif_resp>);
}

/// Whether an answer can hand a descriptor over (Linux 5.14). Of no call at all that is tried: what
/// is unknown is refused before the call is looked for.
int CheckHandOver(int listener) {
  seccomp_notif_addfd added{};
  added.id = ~std::uint64_t{0};
  added.flags = SECCOMP_ADDFD_FLAG_SEND;
  added.srcfd = static_cast<std::uint32_t>(listener);
  if (::ioctl(listener, SECCOMP_IOCTL_NOTIF_ADDFD, &added) >= 0 || errno == ENOENT) return 0;
  return -EOPNOTSUPP;
}

int ReadThroughProc(int thread, TargetAddress address, void* out, std::size_t size) {
  ProcPath path(thread, "mem");
  const UniqueFd memory(::open(path.text(), O_RDONLY | O_CLOEXEC));
  if (!memory.valid()) return -errno;
  return Check(::pread(memory.get(), out, size, static_cast<off_t>(address)));
}

}  // namespace

const char* NameOf(CallKind kind) {
  switch (kind) {
    case CallKind::kOther:
      break;
    case CallKind::kOpen:
      return "open";
    case CallKind::kMakeDirectory:
    case CallKind::kMakeNode:
    case CallKind::kMakeSymlink:
      return "create";
    case CallKind::kLink:
      return "link";
    case CallKind::kRename:
      return "rename";
    case CallKind::kRemove:
      return "remove";
    case CallKind::kTruncate:
      return "truncate";
    case CallKind::kChangeMode:
    case CallKind::kChangeOwner:
    case CallKind::kChangeTimes:
    case CallKind::kSetAttribute:
    case CallKind::kRemoveAttribute:
      return "change attributes";
    case CallKind::kGetAttribute:
    case CallKind::kListAttributes:
      return "read attributes";
    case CallKind::kExecute:
      return "execute";
    case CallKind::kHideMemory:
      return "hide";
    case CallKind::kConnect:
      return "connect";
    case CallKind::kBind:
      return "bind";
    case CallKind::kListen:
      return "listen";
    case CallKind::kSend:
    case CallKind::kSendMessage:
    case CallKind::kSendMessages:
      return "send";
  }
  return "call";
}

NotifiedCall DecodeCall(int number, const Arguments& a) {
  using enum CallKind;
  switch (number) {
    case SYS_openat:
      return Open(ToInt(a[0]), a[1], ToBits(a[2]), a[3]);
    case SYS_mkdirat:
      return MakeDirectory(ToInt(a[0]), a[1], a[2]);
    case SYS_mknodat:
      return MakeNode(ToInt(a[0]), a[1], a[2], a[3]);
    case SYS_symlinkat:
      return MakeSymlink(a[0], ToInt(a[1]), a[2]);
    case SYS_linkat:
      return TwoNames(kLink, ToInt(a[0]), a[1], ToInt(a[2]), a[3], a[4]);
    case SYS_renameat:
      return TwoNames(kRename, ToInt(a[0]), a[1], ToInt(a[2]), a[3], 0);
    case SYS_renameat2:
      return TwoNames(kRename, ToInt(a[0]), a[1], ToInt(a[2]), a[3], a[4]);
    case SYS_unlinkat:
      return Remove(ToInt(a[0]), a[1], (a[2] & AT_REMOVEDIR) != 0);
    case SYS_truncate: {
      NotifiedCall call = OnPath(kTruncate, AT_FDCWD, a[0]);
      call.length = static_cast<std::int64_t>(a[1]);
      return call;
    }
    case SYS_fchmod:
      return ChangeMode(OnDescriptor(kChangeMode, ToInt(a[0])), a[1]);
    case SYS_fchmodat:
      return ChangeMode(OnPath(kChangeMode, ToInt(a[0]), a[1]), a[2]);
    case kernel_abi::kFchmodat2:
      return ChangeMode(WithAtFlags(OnPath(kChangeMode, ToInt(a[0]), a[1]), a[3]), a[2]);
    case SYS_fchown:
      return ChangeOwner(OnDescriptor(kChangeOwner, ToInt(a[0])), a[1], a[2]);
    case SYS_fchownat:
      return ChangeOwner(WithAtFlags(OnPath(kChangeOwner, ToInt(a[0]), a[1]), a[4]), a[2], a[3]);
    case SYS_utimensat:
      return Utimensat(a);
    case SYS_setxattr:
      return SetAttribute(OnPath(kSetAttribute, AT_FDCWD, a[0]), a);
    case SYS_lsetxattr:
      return SetAttribute(NoFollow(OnPath(kSetAttribute, AT_FDCWD, a[0])), a);
    case SYS_fsetxattr:
      return SetAttribute(OnDescriptor(kSetAttribute, ToInt(a[0])), a);
    case SYS_removexattr:
      return RemoveAttribute(OnPath(kRemoveAttribute, AT_FDCWD, a[0]), a);
    case SYS_lremovexattr:
      return RemoveAttribute(NoFollow(OnPath(kRemoveAttribute, AT_FDCWD, a[0])), a);
    case SYS_fremovexattr:
      return RemoveAttribute(OnDescriptor(kRemoveAttribute, ToInt(a[0])), a);
    case SYS_getxattr:
      return SetAttribute(OnPath(kGetAttribute, AT_FDCWD, a[0]), a);
    case SYS_lgetxattr:
      return SetAttribute(NoFollow(OnPath(kGetAttribute, AT_FDCWD, a[0])), a);
    case SYS_listxattr:
      return ListAttributes(OnPath(kListAttributes, AT_FDCWD, a[0]), a);
    case SYS_llistxattr:
      return ListAttributes(NoFollow(OnPath(kListAttributes, AT_FDCWD, a[0])), a);
    case SYS_execve:
      return OnPath(kExecute, AT_FDCWD, a[0]);
    case SYS_connect:
      return WithAddress(OnDescriptor(kConnect, ToInt(a[0])), a[1], a[2]);
    case SYS_bind:
      return WithAddress(OnDescriptor(kBind, ToInt(a[0])), a[1], a[2]);
    case SYS_listen: {
      NotifiedCall call = OnDescriptor(kListen, ToInt(a[0]));
      call.backlog = ToInt(a[1]);
      return call;
    }
    case SYS_sendto:
      return WithAddress(Sending(kSend, a[0], a[1], a[2], a[3]), a[4], a[5]);
    case SYS_sendmsg:
      return Sending(kSendMessage, a[0], a[1], 1, a[2]);
    case SYS_sendmmsg:
      return Sending(kSendMessages, a[0], a[1], ToBits(a[2]), a[3]);
    case SYS_prctl:
      return OnDescriptor(kHideMemory, AT_FDCWD);
    case SYS_execveat:
      return WithAtFlags(OnPath(kExecute, ToInt(a[0]), a[1]), a[4]);
    default:
      return DecodeOldCall(number, a);
  }
}

int InstallSeccompWithListener(const void* instructions, std::size_t count) {
  if (!SizesFit()) return -ENOSYS;
  // struct sock_fprog, without the header that drags the rest of the filter language in.
  struct {
    unsigned short length;
    const void* filter;
  } program{static_cast<unsigned short>(count), instructions};
  // With the second flag only a deadly signal ends the wait for an answer (Linux 5.19); without it
  // a call may be seen twice, which costs time and no safety.
  const unsigned long flags =
      SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;
  long fd = ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
  if (fd < 0 && errno == EINVAL) {
    fd =
        ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
  }
  if (fd < 0) return -errno;
  UniqueFd listener(static_cast<int>(fd));
  const int r = CheckHandOver(listener.get());
  return r < 0 ? r : listener.Release();
}

bool WakeOnOurProcessor(int listener) {
  return ::ioctl(listener, kernel_abi::kSeccompIoctlNotifSetFlags,
                 kernel_abi::kSeccompUserNotifFdSyncWakeUp) == 0;
}

int ReceiveCall(int listener, NotifiedCall& call) {
  Padded<seccomp_notif> received;
  std::memset(&received, 0, sizeof received);
  if (::ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &received) < 0) return -errno;
  Arguments arguments;
  std::copy_n(received.value.data.args, 6, arguments);
  call = DecodeCall(received.value.data.nr, arguments);
  call.id = received.value.id;
  call.thread = static_cast<int>(received.value.pid);
  return 0;
}

bool HasNoCallers(int listener) {
  pollfd one{listener, 0, 0};
  return ::poll(&one, 1, 0) == 1 && (one.revents & POLLHUP) != 0;
}

bool IsWaiting(int listener, std::uint64_t id) {
  return ::ioctl(listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &id) == 0;
}

int AnswerError(int listener, std::uint64_t id, int error) {
  Padded<seccomp_notif_resp> answer;
  std::memset(&answer, 0, sizeof answer);
  answer.value.id = id;
  answer.value.error = -error;
  return Check(::ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &answer));
}

int AnswerInterrupted(int listener, std::uint64_t id) {
  // The kernel's own number for it, which it turns into one of the two on the way back.
  constexpr int kRestart = 512;
  return AnswerError(listener, id, kRestart);
}

int AnswerValue(int listener, std::uint64_t id, std::int64_t value) {
  Padded<seccomp_notif_resp> answer;
  std::memset(&answer, 0, sizeof answer);
  answer.value.id = id;
  answer.value.val = value;
  return Check(::ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &answer));
}

int AnswerContinue(int listener, std::uint64_t id) {
  Padded<seccomp_notif_resp> answer;
  std::memset(&answer, 0, sizeof answer);
  answer.value.id = id;
  answer.value.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
  return Check(::ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &answer));
}

int ReadTarget(int thread, TargetAddress address, void* out, std::size_t size) {
  iovec local{out, size};
  iovec remote{reinterpret_cast<void*>(address), size};
  const long n = ::syscall(SYS_process_vm_readv, thread, &local, 1, &remote, 1, 0);
  if (n >= 0) return static_cast<int>(n);
  if (errno == EFAULT || errno == ESRCH) return -errno;
  return ReadThroughProc(thread, address, out, size);  // a sandbox around us may close that call
}

int WriteTarget(int thread, TargetAddress address, const void* data, std::size_t size) {
  iovec local{const_cast<void*>(data), size};
  iovec remote{reinterpret_cast<void*>(address), size};
  const long n = ::syscall(SYS_process_vm_writev, thread, &local, 1, &remote, 1, 0);
  if (n < 0) return -errno;
  return static_cast<std::size_t>(n) == size ? 0 : -EFAULT;
}

int ReadTargetString(int thread, TargetAddress address, char* out, std::size_t size) {
  // Most paths are short. Never across the end of a page in one go: the next may not be there.
  constexpr std::size_t kFirst = 256;
  constexpr std::size_t kPage = 4096;
  std::size_t have = 0;
  while (have < size) {
    const TargetAddress at = address + have;
    std::size_t want = std::min(have == 0 ? kFirst : kPage, size - have);
    want = std::min<std::size_t>(want, kPage - at % kPage);
    const int n = ReadTarget(thread, at, out + have, want);
    if (n <= 0) return n < 0 ? n : -EFAULT;
    if (const void* const end = std::memchr(out + have, 0, static_cast<std::size_t>(n))) {
      return static_cast<int>(static_cast<const char*>(end) - out);
    }
    have += static_cast<std::size_t>(n);
  }
  return -ENAMETOOLONG;
}

int ReadTargetTimes(int thread, TargetAddress address, TimesForm form, FileTimes& out) {
  std::int64_t raw[4] = {};
  const std::size_t size = form == TimesForm::kSeconds ? 2 * sizeof raw[0] : sizeof raw;
  const int n = ReadTarget(thread, address, raw, size);
  if (n < 0) return n;
  if (static_cast<std::size_t>(n) != size) return -EFAULT;
  for (int i = 0; i < 2; ++i) {
    if (form == TimesForm::kSeconds) {
      out.seconds[i] = raw[i];
      out.nanoseconds[i] = 0;
      continue;
    }
    out.seconds[i] = raw[2 * i];
    out.nanoseconds[i] = raw[2 * i + 1];
    if (form == TimesForm::kTimeval) {
      if (raw[2 * i + 1] < 0 || raw[2 * i + 1] >= 1'000'000) return -EINVAL;
      out.nanoseconds[i] *= 1000;
    }
  }
  return 0;
}

}  // namespace ambit::os
