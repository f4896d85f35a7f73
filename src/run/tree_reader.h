#pragma once

#include <cerrno>
#include <cstddef>
#include <string_view>

#include "os/file_calls.h"
#include "os/unique_fd.h"
#include "run/resolver.h"

namespace ambit::run {

/// Goes through all names below a directory, parents first, without following links and without
/// allocating.
class TreeReader {
 public:
  /// What to do after a name.
  enum class Next : unsigned char {
    kEnter,  ///< Go on with what is in it, if it is a directory.
    kSkip,   ///< Leave out what is in it.
    kStop,   ///< Enough.
  };

  /// What to do about a directory that cannot be looked into, which may hold anything.
  enum class Unreadable : unsigned char { kFail, kSkip };

  /// `dir` is open for reading and stays the caller's.
  TreeReader(int dir, Unreadable unreadable) : dir_(dir), unreadable_(unreadable) {
    below_.Assign("");
  }

  /// Calls `visit(directory, name, path)` for each name, where `directory` is a descriptor and
  /// `path` is relative to the start. 0 or -errno; -EBUSY when there is too much to look at.
  template <class Visit>
  int Run(Visit visit) {
    for (;;) {
      const int n = reader_.Fill(at());
      if (n < 0 && n != -ENOENT) return n;
      if (n <= 0) {  // read to its end, or removed
        if (depth_ == 0) return 0;
        Leave();
        continue;
      }
      for (os::DirectoryEntry entry; reader_.Next(entry);) {
        if (const int r = Name(entry); r < 0) return r;
        const Next next = visit(at(), entry.name, below_.view().substr(1));
        if (next == Next::kStop) return 0;
        if (next == Next::kSkip || !entry.may_be_directory) continue;
        const int entered = Enter(entry);
        if (entered < 0) return entered;
        if (entered > 0) break;
      }
    }
  }

 private:
  struct Level {
    os::UniqueFd fd;
    std::size_t length = 0;  ///< Of its name below the start.
  };
  [[nodiscard]] int at() const { return depth_ == 0 ? dir_ : levels_[depth_ - 1].fd.get(); }
  [[nodiscard]] std::size_t length() const { return depth_ == 0 ? 0 : levels_[depth_ - 1].length; }
  int Name(const os::DirectoryEntry& entry);
  /// 1 when `entry` turned out to be a directory and reading goes on inside it.
  int Enter(const os::DirectoryEntry& entry);
  void Leave();

  static constexpr std::size_t kMostDepth = 128;
  static constexpr std::size_t kMostNames = 5'000'000;
  int dir_;
  Unreadable unreadable_;
  Level levels_[kMostDepth];
  std::size_t depth_ = 0;
  std::size_t names_ = 0;
  PathBuffer below_;
  os::DirectoryReader reader_;
};

}  // namespace ambit::run
