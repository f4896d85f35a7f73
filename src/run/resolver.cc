#include "run/resolver.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>

#include "base/path_text.h"
#include "os/file_calls.h"
#include "os/mount_calls.h"
#include "os/process_calls.h"

namespace ambit::run {
namespace {

using os::UniqueFd;

constexpr int kMostLinks = 40;  // path_resolution(7)

int OpenRoot(UniqueFd& out) {
  out.Reset(os::OpenDirectoryPath(os::kCwd, "/"));
  return out.valid() ? 0 : out.get();
}

int ReadPath(int fd, PathBuffer& out) {
  const int n = os::PathOf(fd, out.room(), PathBuffer::size());
  if (n < 0) return n;
  out.SetLength(static_cast<std::size_t>(n));
  return 0;
}

std::size_t AppendNumber(char* out, int number) {
  char digits[12];
  std::size_t n = 0;
  do {
    digits[n++] = static_cast<char>('0' + number % 10);
    number /= 10;
  } while (number != 0);
  for (std::size_t i = 0; i < n; ++i) out[i] = digits[n - 1 - i];
  return n;
}

/// The number of the process or thread that a canonical path of procfs is of; 0: of none.
int ProcessIn(std::string_view path) {
  constexpr std::string_view kProc = "/proc/";
  if (!path.starts_with(kProc)) return 0;
  int process = 0;
  std::from_chars(path.data() + kProc.size(), path.data() + path.size(), process);
  return std::max(process, 0);
}

/// Whether `path` is of one of our own processes, which are none of the command's business.
bool IsOurProcess(std::string_view path) {
  const int process = ProcessIn(path);
  return process != 0 && (process == os::ParentProcessId() || os::IsOwnThread(process));
}

/// Whether `path` is of a process or thread that is not in the sandbox, or not any more.
bool IsOfProcessOutside(std::string_view path) {
  const int process = ProcessIn(path);
  return process != 0 && !os::IsInReach(process);
}

}  // namespace

bool PathBuffer::Assign(std::string_view text) {
  if (text.size() >= kPathRoom) return false;
  std::ranges::copy(text, text_);
  length_ = text.size();
  text_[length_] = '\0';
  return true;
}

bool PathBuffer::AddName(std::string_view name) {
  const bool slash = length_ == 0 || text_[length_ - 1] != '/';
  if (length_ + name.size() + 1 >= kPathRoom) return false;
  if (slash) text_[length_++] = '/';
  std::ranges::copy(name, text_ + length_);
  length_ += name.size();
  text_[length_] = '\0';
  return true;
}

void PathBuffer::RemoveName() {
  length_ = ParentPath(view()).size();
  text_[length_] = '\0';
}

bool IsProcPath(std::string_view path) { return IsAtOrBelow(path, "/proc"); }

int Resolver::OpenStart(int thread, int dir, const char* path, UniqueFd& out) {
  if (*path == '/') return 0;
  const int fd =
      dir == os::kCwd ? os::OpenWorkingDirectory(thread) : os::OpenDescriptorOf(thread, dir);
  if (fd < 0) return fd;
  out.Reset(fd);
  return 0;
}

int Resolver::Fill(UniqueFd place, Object& out) {
  if (const int r = ReadPath(place.get(), out.path); r < 0) return r;
  out.place = std::move(place);
  return 0;
}

int Resolver::FillEntry(UniqueFd dir, std::string_view name, Entry& out) {
  if (name.size() >= sizeof out.name) return -ENAMETOOLONG;
  *std::ranges::copy(name, out.name).out = '\0';
  if (const int r = ReadPath(dir.get(), out.path); r < 0) return r;
  out.on_proc = IsProcPath(out.path.view());
  out.dir = std::move(dir);
  std::string_view plain = name;
  if (plain.ends_with('/')) plain.remove_suffix(1);
  if (plain == ".") return 0;
  return out.path.AddName(plain) ? 0 : -ENAMETOOLONG;
}

int Resolver::FindEntry(int start, const char* path, Entry& out) {
  std::string_view whole(path);
  if (whole.empty()) return -ENOENT;
  const bool slash = whole.ends_with('/');
  while (whole.size() > 1 && whole.ends_with('/')) whole.remove_suffix(1);
  const std::size_t cut = whole.rfind('/');
  std::string_view name = whole.substr(cut == std::string_view::npos ? 0 : cut + 1);
  std::string_view parent = whole.substr(0, whole.size() - name.size());
  if (name.empty() || name == "." || name == "..") {
    parent = whole;
    name = ".";
  } else if (slash) {
    name = {name.data(), name.size() + 1};
  }
  if (parent.size() >= PATH_MAX) return -ENAMETOOLONG;
  char text[PATH_MAX];
  *std::ranges::copy(parent.empty() ? std::string_view(".") : parent, text).out = '\0';

  Object dir;
  const int found = os::OpenDirectoryPath(start, text);
  if (found >= 0) {
    if (const int r = Fill(UniqueFd(found), dir); r < 0) return r;
  }
  if (found == -ELOOP || (found >= 0 && IsProcPath(dir.path.view()))) {
    if (const int r = WalkToObject(start, text, true, dir); r < 0) return r;
  } else if (found < 0) {
    return found;
  }
  return FillEntry(std::move(dir.place), name, out);
}

int Resolver::FindObject(int start, const char* path, bool follow, Object& out) {
  const int found = os::OpenAnyPath(start, path, follow);
  if (found >= 0) {
    if (const int r = Fill(UniqueFd(found), out); r < 0) return r;
    if (!IsProcPath(out.path.view())) return 0;
  } else if (found != -ELOOP) {
    return found;
  }
  return WalkToObject(start, path, follow, out);
}

struct Resolver::Walk {
  UniqueFd at;
  int links = 0;
};

int Resolver::ProcessGroup() {
  if (group_ != 0) return group_;
  os::ProcessFacts facts;
  if (const int r = os::ReadProcessFacts(thread_, facts); r < 0) return r;
  group_ = facts.group;
  return group_;
}

/// Puts what the link `name` says in front of the rest of the walk, or goes where a magic one
/// leads.
int Resolver::StepOnLink(Walk& walk, const char* name) {
  if (++walk.links > kMostLinks) return -ELOOP;
  const bool on_proc = os::IsOnProc(walk.at.get()) == 1;
  char text[PATH_MAX];
  std::size_t length = 0;
  const std::string_view link(name);
  if (on_proc && (link == "self" || link == "thread-self")) {
    const int group = ProcessGroup();
    if (group < 0) return group;
    length = AppendNumber(text, group);
    if (link == "thread-self") {
      length = static_cast<std::size_t>(
          std::ranges::copy(std::string_view("/task/"), text + length).out - text);
      length += AppendNumber(text + length, thread_);
    }
  } else {
    if (on_proc) {
      const UniqueFd plain(os::OpenAnyPath(walk.at.get(), name, true));
      if (plain.get() == -ELOOP) {
        PathBuffer here;
        if (const int r = ReadPath(walk.at.get(), here); r < 0) return r;
        // One that is mounted elsewhere shows processes by numbers that we do not know.
        if (!IsProcPath(here.view()) || IsOurProcess(here.view())) return -EACCES;
        // Our own capability must not follow what the caller could not.
        const bool own = IsOfCaller(here.view());
        if (!own) os::UseTraceCapability(false);
        const int target = os::OpenMagic(walk.at.get(), name);
        if (!own) os::UseTraceCapability(true);
        if (target < 0) return target;
        walk.at.Reset(target);
        return 0;
      }
    }
    const int n = os::ReadLinkAt(walk.at.get(), name, text, sizeof text);
    if (n < 0) return n;
    length = static_cast<std::size_t>(n);
  }
  const std::size_t left = std::strlen(rest_);
  if (length + 1 + left >= sizeof next_) return -ENAMETOOLONG;
  char* end = std::ranges::copy(std::string_view(text, length), next_).out;
  *end++ = '/';
  std::memcpy(end, rest_, left + 1);
  std::memcpy(rest_, next_, length + 1 + left + 1);
  return text[0] == '/' ? OpenRoot(walk.at) : 0;
}

int Resolver::Step(Walk& walk, std::string_view name, bool last, bool follow) {
  char text[NAME_MAX + 1];
  if (name.size() > NAME_MAX) return -ENAMETOOLONG;
  if (name == "..") stays_ = false;
  *std::ranges::copy(name, text).out = '\0';
  UniqueFd next(os::OpenName(walk.at.get(), text));
  if (!next.valid()) return next.get();
  os::OpenedFile file;
  if (const int r = os::Inspect(next.get(), file); r < 0) return r;
  if (file.kind != os::OpenedFile::Kind::kLink || (last && !follow)) {
    walk.at = std::move(next);
    return 0;
  }
  // As fs.protected_symlinks does where the kernel follows (proc_sys_fs(5)).
  os::OpenedFile dir;
  if (const int r = os::Inspect(walk.at.get(), dir); r < 0) return r;
  if (dir.sticky_for_all && file.uid != os::EffectiveUserId() && file.uid != dir.uid) {
    return -EACCES;
  }
  if (const int r = MayFollow(walk, text); r < 0) return r;
  return StepOnLink(walk, text);
}

/// A link that a pattern closes is not followed.
int Resolver::MayFollow(const Walk& walk, const char* name) {
  if (gate_.policy().patterns.empty()) return 0;
  if (const int r = ReadPath(walk.at.get(), closed_); r < 0) return r;
  if (!closed_.AddName(name)) return -ENAMETOOLONG;
  if (gate_.IsMediated(closed_.view()) || IsProcPath(closed_.view())) stays_ = false;
  closed_by_ = gate_.PatternAt(closed_.view());
  return closed_by_ == nullptr ? 0 : -EACCES;
}

const policy::PatternRule* Resolver::ClosedOnTheWay(int start, const char* path, bool follow,
                                                    std::string_view found) {
  if (gate_.policy().patterns.empty()) return nullptr;
  closed_by_ = nullptr;
  const bool spelled = Spell(start, path, spelled_);
  if (spelled) {
    if (spelled_.view() == found) return nullptr;  // no link was crossed
    closed_by_ = gate_.PatternAt(spelled_.view());
    if (closed_by_ != nullptr) {
      closed_.Assign(spelled_.view());
      return closed_by_;
    }
    // Most links are those of the system.
    if (known_ways_.Contains(spelled_.view(), found)) return nullptr;
  }
  Object object;
  const int r = WalkToObject(start, path, follow, object);
  if (spelled && r == 0 && stays_ && object.path.view() == found &&
      !gate_.IsMediated(spelled_.view()) && !gate_.IsMediated(found)) {
    known_ways_.Add(spelled_.view(), found);
  }
  return closed_by_;
}

int Resolver::WalkToObject(int start, const char* path, bool follow, Object& out) {
  if (*path == '\0') return -ENOENT;
  Walk walk;
  stays_ = true;
  walk.at.Reset(os::OpenDirectoryPath(start, *path == '/' ? "/" : "."));
  if (!walk.at.valid()) return walk.at.get();
  const std::size_t length = std::strlen(path);
  if (length >= sizeof rest_) return -ENAMETOOLONG;
  std::memcpy(rest_, path, length + 1);
  for (;;) {
    std::string_view left(rest_);
    const std::size_t begin = left.find_first_not_of('/');
    if (begin == std::string_view::npos) break;
    left.remove_prefix(begin);
    const std::size_t end = std::min(left.find('/'), left.size());
    char name[NAME_MAX + 1];
    if (end > NAME_MAX) return -ENAMETOOLONG;
    std::ranges::copy(left.substr(0, end), name);
    const bool last = end == left.size();
    left.remove_prefix(end);
    std::memmove(rest_, left.data(), left.size() + 1);
    if (end == 1 && name[0] == '.') continue;
    if (const int r = Step(walk, {name, end}, last, follow); r < 0) return r;
  }
  if (path[length - 1] == '/') {
    os::OpenedFile file;
    if (const int r = os::Inspect(walk.at.get(), file); r < 0) return r;
    if (file.kind != os::OpenedFile::Kind::kDirectory) return -ENOTDIR;
  }
  if (const int r = Fill(std::move(walk.at), out); r < 0) return r;
  if (!IsProcPath(out.path.view())) return 0;
  if (shared_host_ && IsOfProcessOutside(out.path.view())) return -ENOENT;
  out.on_proc = os::IsOnProc(out.place.get()) == 1;
  // Of our own process only what everybody may read of any process, where ps looks.
  const std::string_view name = BaseName(out.path.view());
  if (IsOurProcess(out.path.view()) && Depth(out.path.view()) > 2 && name != "stat" &&
      name != "status" && name != "statm" && name != "cmdline" && name != "comm" &&
      name != "task" && name != "cgroup") {
    return -EACCES;
  }
  return 0;
}

bool Resolver::IsOfCaller(std::string_view path) {
  const int group = ProcessGroup();
  return group > 0 && ProcessIn(path) == group;
}

bool Resolver::Spell(int start, const char* path, PathBuffer& out) {
  if (*path == '/') {
    out.Assign("/");
  } else if (ReadPath(start, out) < 0) {
    return false;
  }
  std::string_view left(path);
  while (!left.empty()) {
    const std::size_t end = std::min(left.find('/'), left.size());
    const std::string_view name = left.substr(0, end);
    left.remove_prefix(std::min(end + 1, left.size()));
    if (name.empty() || name == ".") continue;
    if (name == "..") {
      out.RemoveName();
    } else if (!out.AddName(name)) {
      return false;
    }
  }
  return true;
}

}  // namespace ambit::run
