#include "os/walk.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <system_error>
#include <thread>
#include <unordered_set>

#include "base/path_text.h"
#include "os/unique_fd.h"
#include "os/walk_tasks.h"

namespace ambit::os {
namespace {

constexpr int kOpenFlags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
constexpr std::size_t kBufferSize = 64 * 1024;
// A directory stays open while its subdirectories wait, so that they can be opened by name alone.
// With more than this many open, further ones are closed and their subdirectories opened by path.
constexpr int kMaxHeldOpen = 128;
constexpr std::size_t kMaxPathPart = 4000;  // PATH_MAX is 4096
constexpr std::size_t kWorthAThread = 24;   // waiting directories; starting a thread costs as many

FileKind KindOf(unsigned char type) {
  switch (type) {
    case DT_REG:
      return FileKind::kRegular;
    case DT_DIR:
      return FileKind::kDirectory;
    case DT_LNK:
      return FileKind::kSymlink;
    case DT_SOCK:
      return FileKind::kSocket;
    default:
      return FileKind::kOther;
  }
}

bool Vanished(int err) { return err == ENOENT || err == ENOTDIR; }

// Opens a directory of any path length below `dir`, crossing no link. -1 and errno on failure.
UniqueFd OpenByPath(int dir, std::string_view relative) {
  UniqueFd reached;
  while (!relative.empty()) {
    std::size_t end = relative.size();
    if (end > kMaxPathPart) {
      end = relative.rfind('/', kMaxPathPart);
      if (end == 0 || end == std::string_view::npos) end = relative.size();  // ENAMETOOLONG
    }
    const std::string part(relative.substr(0, end));
    relative.remove_prefix(std::min(end + 1, relative.size()));
    open_how how{};
    how.flags = O_DIRECTORY | O_CLOEXEC | (relative.empty() ? O_RDONLY : O_PATH);
    how.resolve = RESOLVE_NO_SYMLINKS;
    const int from = reached.valid() ? reached.get() : dir;
    const long fd = ::syscall(SYS_openat2, from, part.c_str(), &how, sizeof how);
    if (fd < 0) return UniqueFd();
    reached.Reset(static_cast<int>(fd));
  }
  return reached;
}

// The plain text at the end of a pattern: names without it need no look at the rest, and comparing
// an end is ten times as fast.
std::string_view PlainEnd(const Glob& glob) {
  const std::string_view text = glob.text();
  return text.substr(text.find_last_of("*?[]{}\\,/") + 1);
}

struct Pattern {
  const Glob* glob;
  std::optional<std::uint32_t> max_depth;
  std::string_view plain_end;
};

/// What all workers share and none changes, but for the stack and the counter.
struct Walk {
  std::string base;
  std::string name;  ///< What patterns call the base.
  std::uint32_t name_depth = 0;
  bool links = false;
  UniqueFd base_fd;
  std::vector<Pattern> patterns;
  std::unordered_set<std::string> skip;  ///< Relative to the base.
  std::atomic<int> held_open = 0;
  TaskStack tasks;  // last: the directories in it count themselves off in held_open
};

class Worker {
 public:
  explicit Worker(Walk& walk) : walk_(walk), buffer_(new std::array<char, kBufferSize>) {}

  /// Reads directories until none is left. `on_progress` is called after each.
  template <class Callback>
  void Run(Callback on_progress) {
    bool first = true;
    while (auto task = walk_.tasks.Next(std::exchange(first, false))) {
      if (auto done = Read(std::move(*task)); !done) walk_.tasks.Abort(std::move(done.error()));
      on_progress();
    }
  }

  std::vector<WalkMatch>& matches() { return matches_; }

 private:
  Result<> Read(Task task) {
    std::string relative = task.parent ? JoinRelative(*task.parent, task.name) : std::string();
    UniqueFd fd = Open(task, relative);
    if (!fd.valid()) {
      const int err = errno;
      if (Vanished(err)) return {};
      if (err != EACCES) return Problem(err, relative);
      ReportUnreadable(relative);
      return {};
    }
    const std::uint32_t depth = task.parent ? task.parent->depth + 1 : 0;
    task.parent.reset();
    const auto dir =
        std::make_shared<Directory>(std::move(fd), std::move(relative), depth, walk_.held_open);
    AMBIT_CHECK(ReadEntries(dir));
    if (walk_.held_open > kMaxHeldOpen) dir->Close();
    walk_.tasks.Push(found_);
    return {};
  }

  UniqueFd Open(const Task& task, const std::string& relative) {
    if (!task.parent) return OpenByPath(AT_FDCWD, walk_.base);
    if (!task.parent->fd.valid()) return OpenByPath(walk_.base_fd.get(), relative);
    const int dir = task.parent->fd.get();
    // Only a directory's owner may leave its access time alone.
    if (no_atime_) {
      UniqueFd fd(::openat(dir, task.name.c_str(), kOpenFlags | O_NOATIME));
      if (fd.valid() || errno != EPERM) return fd;
      no_atime_ = false;
    }
    return UniqueFd(::openat(dir, task.name.c_str(), kOpenFlags));
  }

  // Matches go to `matches_`, subdirectories worth reading to `found_`.
  Result<> ReadEntries(const std::shared_ptr<Directory>& dir) {
    for (;;) {
      const ssize_t size = ::getdents64(dir->fd.get(), buffer_->data(), buffer_->size());
      if (size == 0) return {};
      if (size < 0) {
        if (errno == ENOENT) return {};  // removed while it was open
        return Problem(errno, dir->relative);
      }
      for (ssize_t at = 0; at < size;) {
        const auto* entry = reinterpret_cast<const dirent64*>(buffer_->data() + at);
        at += entry->d_reclen;
        AMBIT_CHECK(Look(dir, entry->d_name, entry->d_type));
      }
    }
  }

  Result<> Look(const std::shared_ptr<Directory>& dir, const char* name, unsigned char type) {
    const std::string_view text(name);
    if (text == "." || text == "..") return {};
    const std::optional<std::size_t> pattern = Match(*dir, text);
    const bool may_lead_on =
        type == DT_DIR || type == DT_UNKNOWN || (walk_.links && type == DT_LNK);
    if (!pattern && !may_lead_on) return {};
    if (type == DT_UNKNOWN) {
      struct stat st {};
      if (::fstatat(dir->fd.get(), name, &st, AT_SYMLINK_NOFOLLOW) < 0) {
        if (Vanished(errno)) return {};
        return Problem(errno, JoinRelative(*dir, text));
      }
      type = static_cast<unsigned char>(IFTODT(st.st_mode));
    }
    if (pattern) {
      matches_.push_back({Absolute(JoinRelative(*dir, text)), KindOf(type), *pattern});
    } else if (type == DT_LNK && walk_.links) {
      ReportWay(*dir, text);
    } else if (type == DT_DIR && WorthReading(*dir, text)) {
      found_.push_back({dir, std::string(text)});
    }
    return {};
  }

  std::optional<std::size_t> Match(const Directory& dir, std::string_view name) {
    bool joined = false;
    for (std::size_t i = 0; i < walk_.patterns.size(); ++i) {
      const auto& [glob, max_depth, plain_end] = walk_.patterns[i];
      if (!name.ends_with(plain_end)) continue;
      if (glob->is_basename_only()) {
        if (max_depth && walk_.name_depth + dir.depth >= *max_depth) continue;
        if (glob->MatchesBaseName(name)) return i;
        continue;
      }
      if (!std::exchange(joined, true)) scratch_ = Known(JoinRelative(dir, name));
      if (glob->Matches(scratch_, max_depth)) return i;
    }
    return std::nullopt;
  }

  bool WorthReading(const Directory& dir, std::string_view name) {
    scratch_ = JoinRelative(dir, name);
    return !walk_.skip.contains(scratch_) && FirstBelow(scratch_, dir.depth + 1).has_value();
  }

  // The first pattern that may match something below a directory.
  std::optional<std::size_t> FirstBelow(const std::string& relative, std::uint32_t depth) const {
    for (std::size_t i = 0; i < walk_.patterns.size(); ++i) {
      const auto& [glob, max_depth, plain_end] = walk_.patterns[i];
      if (glob->is_basename_only() ? !max_depth || walk_.name_depth + depth < *max_depth
                                   : glob->MayMatchBelow(Known(relative), max_depth)) {
        return i;
      }
    }
    return std::nullopt;
  }

  void ReportUnreadable(const std::string& relative) {
    const auto depth = static_cast<std::uint32_t>(Depth(relative));
    const std::size_t pattern = FirstBelow(relative, depth).value_or(0);
    matches_.push_back({Absolute(relative), FileKind::kDirectory, pattern, true});
  }

  void ReportWay(const Directory& dir, std::string_view name) {
    std::string relative = JoinRelative(dir, name);
    const std::optional<std::size_t> pattern = FirstBelow(relative, dir.depth + 1);
    if (!pattern) return;
    WalkMatch way{Absolute(relative), FileKind::kSymlink, *pattern};
    way.way = true;
    matches_.push_back(std::move(way));
  }

  /// What patterns call something in the walk.
  [[nodiscard]] std::string Known(std::string relative) const {
    if (walk_.name.empty()) return relative;
    return relative.empty() ? walk_.name : walk_.name + '/' + relative;
  }

  static std::string JoinRelative(const Directory& dir, std::string_view name) {
    if (dir.relative.empty()) return std::string(name);
    std::string path;
    path.reserve(dir.relative.size() + 1 + name.size());
    return path.append(dir.relative).append(1, '/').append(name);
  }

  [[nodiscard]] std::string Absolute(const std::string& relative) const {
    return JoinPath(walk_.base, relative);
  }

  [[nodiscard]] std::unexpected<Error> Problem(int err, const std::string& relative) const {
    return FailErrno(err,
                     "cannot look for deny patterns in '" + Printable(Absolute(relative)) + "'");
  }

  Walk& walk_;
  std::unique_ptr<std::array<char, kBufferSize>> buffer_;
  std::vector<WalkMatch> matches_;
  std::vector<Task> found_;
  std::string scratch_;
  bool no_atime_ = true;
};

unsigned ThreadCount(unsigned wanted) {
  if (wanted != 0) return wanted;
  return std::clamp(std::thread::hardware_concurrency(), 1U, 2U);
}

}  // namespace

Result<std::vector<WalkMatch>> FindMatches(const std::string& base,
                                           std::span<const WalkPattern> patterns, unsigned threads,
                                           std::span<const std::string> skip) {
  return FindMatches(WalkRoot{base}, patterns, threads, skip);
}

Result<std::vector<WalkMatch>> FindMatches(const WalkRoot& root,
                                           std::span<const WalkPattern> patterns, unsigned threads,
                                           std::span<const std::string> skip) {
  if (patterns.empty()) return std::vector<WalkMatch>();
  const std::string& base = root.path;
  Walk walk;
  walk.base = base;
  walk.name = root.name;
  walk.name_depth = static_cast<std::uint32_t>(Depth(root.name));
  walk.links = root.links;
  for (const auto& [glob, depth] : patterns)
    walk.patterns.push_back({glob, depth, PlainEnd(*glob)});
  for (const std::string& path : skip) {
    if (path == base) return std::vector<WalkMatch>();
    if (IsAtOrBelow(path, base)) walk.skip.emplace(RelativeTo(path, base));
  }
  walk.base_fd = OpenByPath(AT_FDCWD, base);  // may fail: reading the base reports it

  std::vector<Task> start(1);
  walk.tasks.Push(start);
  std::vector<std::unique_ptr<Worker>> workers;
  for (unsigned i = 0; i < ThreadCount(threads); ++i) {
    workers.push_back(std::make_unique<Worker>(walk));
  }
  std::vector<std::jthread> helpers;
  workers.front()->Run([&] {
    if (helpers.size() + 1 >= workers.size() || walk.tasks.size() < kWorthAThread) return;
    Worker& next = *workers[helpers.size() + 1];
    try {
      helpers.emplace_back([&next] { next.Run([] {}); });
    } catch (const std::system_error&) {
      workers.resize(helpers.size() + 1);  // no more threads to be had: those there are suffice
    }
  });
  helpers.clear();  // joins

  if (auto& error = walk.tasks.error()) return std::unexpected(std::move(*error));
  std::vector<WalkMatch> all;
  for (const auto& worker : workers) {
    std::move(worker->matches().begin(), worker->matches().end(), std::back_inserter(all));
  }
  std::ranges::sort(all, {}, &WalkMatch::path);
  return all;
}

}  // namespace ambit::os
