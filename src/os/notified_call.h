#pragma once

#include <cstddef>
#include <cstdint>

/// System calls that wait for a decision (seccomp_unotify(2)), in one form for all their variants.
/// As in mount_calls.h: nothing allocates, all may be used between fork and exec, results are >= 0
/// or -errno.
namespace ambit::os {

/// What a waiting call wants, whichever of its spellings was used.
enum class CallKind : std::uint8_t {
  kOther,  ///< None that we know.
  kOpen,
  kMakeDirectory,
  kMakeNode,  ///< A regular file, a named pipe, a socket.
  kMakeSymlink,
  kLink,
  kRename,
  kRemove,
  kTruncate,
  kChangeMode,
  kChangeOwner,
  kChangeTimes,
  kSetAttribute,
  kRemoveAttribute,
  kGetAttribute,
  kListAttributes,
  kExecute,
  kHideMemory,  ///< prctl(2), PR_SET_DUMPABLE.
  kConnect,
  kBind,
  kListen,
  kSend,  ///< One message, to an address.
  kSendMessage,
  kSendMessages,
};

/// One word for messages and records.
const char* NameOf(CallKind kind);

/// The forms that the times of utimensat(2) and its elders take in memory.
enum class TimesForm : std::uint8_t { kTimespec, kTimeval, kSeconds };

/// An address in the memory of the waiting process; 0 is null.
using TargetAddress = std::uint64_t;

/// One waiting call. Descriptors are those of the waiting process; kCwd stands for its working
/// directory.
struct NotifiedCall {
  std::uint64_t id = 0;
  int thread = 0;  ///< In our pid namespace.
  CallKind kind = CallKind::kOther;
  int dir = -100;
  TargetAddress path = 0;
  /// The call names no path but the descriptor `dir` itself (fchmod(2) and the like).
  bool on_descriptor = false;
  bool follow = true;         ///< A link at the end of the path is followed.
  bool empty_is_dir = false;  ///< AT_EMPTY_PATH: an empty path means `dir` itself.
  int second_dir = -100;      ///< Of the new name, for kLink and kRename.
  TargetAddress second_path = 0;
  /// kOpen: as of open(2). kRename: as of renameat2(2). kSetAttribute: as of setxattr(2).
  std::uint32_t flags = 0;
  std::uint32_t mode = 0;
  bool directory = false;    ///< kRemove: a directory.
  std::uint64_t device = 0;  ///< kMakeNode.
  std::uint32_t owner = 0;   ///< kChangeOwner; all bits set: unchanged.
  std::uint32_t group = 0;
  std::int64_t length = 0;  ///< kTruncate, in bytes.
  TargetAddress text = 0;   ///< kMakeSymlink: the link's text. k*Attribute: the name.
  /// kChangeTimes: the times, 0 for now. k*Attribute: the value or the room for it.
  TargetAddress data = 0;
  std::uint64_t data_size = 0;
  TimesForm times = TimesForm::kTimespec;
  /// Socket calls: `dir` is the socket, `path` (may be 0) the address, of this many bytes. kSend:
  /// `data` is what is sent. kSendMessage(s): `data` is the msghdr, or `data_size` of the mmsghdr.
  std::uint32_t address_size = 0;
  int backlog = 0;  ///< kListen.
};

/// The call with this number and these arguments, without `id` and `thread`. Pure.
NotifiedCall DecodeCall(int number, const std::uint64_t (&arguments)[6]);

/// Installs a seccomp program whose "notify" answers go to the returned descriptor. -EBUSY: a
/// program of an outer sandbox has such a descriptor already, and there can be only one.
int InstallSeccompWithListener(const void* instructions, std::size_t count);

/// Lets an answer wake the waiting process on our processor, which is quicker. False from kernels
/// before Linux 6.6, which do without.
bool WakeOnOurProcessor(int listener);

/// The next waiting call. -ENOENT: it has gone meanwhile.
int ReceiveCall(int listener, NotifiedCall& call);
/// Whether nobody is left who could make a call: every process with the filter has ended.
bool HasNoCallers(int listener);
/// Whether the call still waits. What was read of its process counts only when this is true
/// afterwards: a number of a dead process may be in use again.
bool IsWaiting(int listener, std::uint64_t id);

/// The call fails with `error` (> 0), or succeeds with 0 when `error` is 0.
int AnswerError(int listener, std::uint64_t id, int error);
/// The call was interrupted by a signal that waits for its caller, who sees EINTR, or nothing when
/// the handler asks for a restart (SA_RESTART of sigaction(2)).
int AnswerInterrupted(int listener, std::uint64_t id);
/// The kernel carries the call out as if nobody had asked.
int AnswerContinue(int listener, std::uint64_t id);
/// The call returns `value`.
int AnswerValue(int listener, std::uint64_t id, std::int64_t value);
/// Reads `size` bytes, or fewer at the end of mapped memory.
int ReadTarget(int thread, TargetAddress address, void* out, std::size_t size);
/// Writes all of it. 0 or -errno.
int WriteTarget(int thread, TargetAddress address, const void* data, std::size_t size);
/// Reads a string with its terminating null. -ENAMETOOLONG when it needs more than `size` bytes,
/// -EFAULT when it runs into unmapped memory. Otherwise its length.
int ReadTargetString(int thread, TargetAddress address, char* out, std::size_t size);

struct FileTimes {
  std::int64_t seconds[2];
  std::int64_t nanoseconds[2];  ///< Or one of the special values of utimensat(2).
};
int ReadTargetTimes(int thread, TargetAddress address, TimesForm form, FileTimes& out);

}  // namespace ambit::os
