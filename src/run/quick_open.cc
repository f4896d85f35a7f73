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

}  // namespace

QuickOpen::QuickOpen(Gate& gate, bool shared_host)
    : gate_(gate), shared_host_(shared_host), system_(gate) {}

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
  out.Reset(system_.Open(path_, call.flags));
  const bool of_system = out.get() != -EXDEV;
  if (!of_system) {
    os::UniqueFd start;
    if (Resolver::OpenStart(call.thread, call.dir, path_, start) < 0) return -EAGAIN;
    out.Reset(os::OpenWithoutLinks(start.valid() ? start.get() : os::kCwd, path_, call.flags));
  }
  if (!out.valid()) return IsFinal(out.get()) ? out.get() : -EAGAIN;
  if (!of_system && !MayHave(out.get())) return -EAGAIN;
  os::OpenedFile file;
  if (os::Inspect(out.get(), file) < 0) return -EAGAIN;
  if (shared_host_ && os::IsKernelInterface(out.get())) return -EAGAIN;
  switch (file.kind) {
    case os::OpenedFile::Kind::kDirectory:
      return 0;
    case os::OpenedFile::Kind::kRegular:
      // With another name it may be the same file as one that is closed.
      return of_system || file.links == 1 ? 0 : -EAGAIN;
    case os::OpenedFile::Kind::kPipe:
      return -EINPROGRESS;
    default:
      return -EAGAIN;
  }
}

bool QuickOpen::MayHave(int fd) {
  const int length = os::PathOf(fd, found_.room(), PathBuffer::size());
  if (length < 0) return false;
  found_.SetLength(static_cast<std::size_t>(length));
  return !IsOfTheCaller(found_.view()) && gate_.MayBeSeen(found_.view());
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
