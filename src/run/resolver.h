#pragma once

#include <climits>
#include <cstddef>
#include <string_view>

#include "os/notified_call.h"
#include "os/unique_fd.h"
#include "run/gate.h"
#include "run/known_ways.h"

namespace ambit::run {

/// Room for a canonical path and one more name.
inline constexpr std::size_t kPathRoom = PATH_MAX + NAME_MAX + 16;

/// A path in memory of its own.
class PathBuffer {
 public:
  [[nodiscard]] std::string_view view() const { return {text_, length_}; }
  [[nodiscard]] const char* text() const { return text_; }
  char* room() { return text_; }
  static constexpr std::size_t size() { return kPathRoom; }
  /// After `room` was written to.
  void SetLength(std::size_t length) { length_ = length; }
  /// False when it does not fit.
  bool Assign(std::string_view text);
  /// Adds "/NAME" (just NAME after "/").
  bool AddName(std::string_view name);
  /// Takes the last name away; "/" stays.
  void RemoveName();

 private:
  char text_[kPathRoom];
  std::size_t length_ = 0;
};

/// A name in a directory, whether it exists or not.
struct Entry {
  os::UniqueFd dir;
  char name[NAME_MAX + 2];  ///< With the slash that the caller wrote after it.
  PathBuffer path;          ///< Canonical directory and name, without that slash.
  bool on_proc = false;
};

/// Something that exists.
struct Object {
  os::UniqueFd place;  ///< O_PATH
  PathBuffer path;     ///< Canonical.
  bool on_proc = false;
};

/// Finds what the paths of a waiting process mean, from its working directory or descriptors. The
/// kernel looks paths up, so that nothing of ours can be raced; where procfs shows each process
/// something else (/proc/self, /proc/PID/fd), it is walked here, name by name, for the process that
/// asked. Results are 0 or -errno. Nothing allocates.
class Resolver {
 public:
  /// `gate` is borrowed. On a shared host /proc shows all processes; those outside are not found.
  Resolver(const Gate& gate, bool shared_host) : gate_(gate), shared_host_(shared_host) {}

  /// Notes the process that what follows is for.
  void For(int thread) {
    thread_ = thread;
    group_ = 0;
  }
  [[nodiscard]] int thread() const { return thread_; }

  /// Where the relative `path` starts for `thread`: the working directory (os::kCwd) or the
  /// descriptor `dir`. An absolute one needs no start, and `out` stays empty.
  static int OpenStart(int thread, int dir, const char* path, os::UniqueFd& out);

  /// The name that the last component of `path` is, links on the way followed.
  int FindEntry(int start, const char* path, Entry& out);
  /// What `path` leads to; a link at its end is followed when `follow` says so.
  int FindObject(int start, const char* path, bool follow, Object& out);
  /// The same by walking it here, for paths that cross procfs. -EACCES for a link that a pattern
  /// closes, which `closed_link` tells then.
  int WalkToObject(int start, const char* path, bool follow, Object& out);

  /// A pattern that closes `path` as it is written, or a link that it crosses: such a name opens
  /// nothing, wherever it leads. `found` is where it led. Null when there is none.
  const policy::PatternRule* ClosedOnTheWay(int start, const char* path, bool follow,
                                            std::string_view found);
  /// The name that the last refused walk or ClosedOnTheWay is about.
  [[nodiscard]] std::string_view closed_link() const { return closed_.view(); }

  /// Whether a canonical path is one of the caller's own directory in /proc.
  bool IsOfCaller(std::string_view path);

 private:
  struct Walk;
  /// The name as it is written, from the canonical start, folded as text.
  static bool Spell(int start, const char* path, PathBuffer& out);
  int MayFollow(const Walk& walk, const char* name);
  int Step(Walk& walk, std::string_view name, bool last, bool follow);
  int StepOnLink(Walk& walk, const char* name);
  int ProcessGroup();
  static int Fill(os::UniqueFd place, Object& out);
  static int FillEntry(os::UniqueFd dir, std::string_view name, Entry& out);

  const Gate& gate_;
  const bool shared_host_;
  int thread_ = 0;
  int group_ = 0;
  PathBuffer closed_;
  const policy::PatternRule* closed_by_ = nullptr;
  KnownWays known_ways_;
  PathBuffer spelled_;
  bool stays_ = false;  ///< The command cannot make the last walk lead over other links.
  char rest_[2 * kPathRoom];
  char next_[2 * kPathRoom];
};

/// Whether a canonical path is one of procfs.
bool IsProcPath(std::string_view path);

}  // namespace ambit::run
