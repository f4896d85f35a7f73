#include "run/quick_open.h"

#include <cerrno>
#include <string_view>
#include <utility>

#include "base/path_text.h"
#include "os/file_calls.h"
#include "os/mount_calls.h"

namespace ambit::run {
namespace {

/// What it answers itself. All else may have a reason that only the broker can see.
bool IsFinal(int error) { return error == -ENOENT || error == -ENOTDIR; }

/// Names of them may mean something else for each process.
bool IsOfTheCaller(std::string_view path) { return IsProcPath(path) || IsAtOrBelow(path, "/dev"); }

/// With another name it may be the same file as one that is closed.
bool HasOneName(const os::OpenedFile& file, std::string_view path) {
  return file.links == 1 || IsAtOrBelow(path, "/usr");
}

}  // namespace

// 0, or the error that the caller gets; -EAGAIN: the broker has to look; -EINPROGRESS: it is a
// pipe. Should the caller be gone meanwhile and somebody else have its number, then nobody hears
// the answer, and nothing has changed.
int QuickOpen::Look(const os::NotifiedCall& call, os::UniqueFd& out) {
  if (call.kind != os::CallKind::kOpen || os::WantsChange(call.flags) ||
      os::WantsPathOnly(call.flags)) {
    return -EAGAIN;
  }
  if (os::ReadTargetString(call.thread, call.path, path_, sizeof path_) <= 0) return -EAGAIN;
  if (IsOfTheCaller(path_)) return -EAGAIN;
  os::UniqueFd start;
  if (Resolver::OpenStart(call.thread, call.dir, path_, start) < 0) return -EAGAIN;
  out.Reset(os::OpenWithoutLinks(start.valid() ? start.get() : os::kCwd, path_, call.flags));
  if (!out.valid()) return IsFinal(out.get()) ? out.get() : -EAGAIN;
  const int length = os::PathOf(out.get(), found_.room(), PathBuffer::size());
  if (length < 0) return -EAGAIN;
  found_.SetLength(static_cast<std::size_t>(length));
  if (IsOfTheCaller(found_.view())) return -EAGAIN;
  const policy::Decision decision = gate_.At(found_.view());
  if (decision.access == policy::Access::kNone) return -EAGAIN;
  os::OpenedFile file;
  if (os::Inspect(out.get(), file) < 0) return -EAGAIN;
  if (shared_host_ && os::IsKernelInterface(out.get())) return -EAGAIN;
  switch (file.kind) {
    case os::OpenedFile::Kind::kDirectory:
      return 0;
    case os::OpenedFile::Kind::kRegular:
      return HasOneName(file, found_.view()) ? 0 : -EAGAIN;
    case os::OpenedFile::Kind::kPipe:
      return -EINPROGRESS;
    default:
      return -EAGAIN;
  }
}

bool QuickOpen::Answer(int listener, const os::NotifiedCall& call, DescriptorHandOver& hand_over,
                       os::UniqueFd& pipe) {
  os::UniqueFd fd;
  const int r = Look(call, fd);
  if (r == -EAGAIN) return false;
  if (r == -EINPROGRESS) {
    pipe = std::move(fd);
    return false;
  }
  if (r < 0) {
    os::AnswerError(listener, call.id, -r);
  } else {
    HandDescriptor(listener, call, fd.get(), &hand_over);
  }
  return true;
}

}  // namespace ambit::run
