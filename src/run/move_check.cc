#include "run/move_check.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/path_text.h"
#include "os/file_calls.h"
#include "os/unique_fd.h"
#include "run/resolver.h"

namespace ambit::run {
namespace {

using policy::PatternRule;

constexpr std::size_t kMostDepth = 64;
constexpr std::size_t kMostNames = 500'000;

/// Whether what a pattern matches depends on more than the last name, as long as `to` stays in its
/// reach.
bool LooksAtNamesOnly(const PatternRule& rule, std::string_view to) {
  return rule.glob.is_basename_only() && !rule.max_depth && IsAtOrBelow(to, rule.base);
}

bool Covers(const PatternRule& rule, std::string_view dir) { return IsAtOrBelow(dir, rule.base); }

}  // namespace

bool MoveCheck::needed() const {
  return std::ranges::any_of(policy_.patterns, [this](const PatternRule& rule) {
    return Covers(rule, from_) && !LooksAtNamesOnly(rule, to_) &&
           rule.glob.MayMatchBelow(RelativeTo(from_, rule.base), rule.max_depth);
  });
}

const PatternRule* MoveCheck::LosesAt(std::string_view below) const {
  PathBuffer path;
  if (!path.Assign(from_) || !path.AddName(below)) return &policy_.patterns.front();
  const PatternRule* const before = policy::Decide(policy_, path.view()).pattern;
  if (before == nullptr) return nullptr;
  if (!path.Assign(to_) || !path.AddName(below)) return before;
  return policy::Decide(policy_, path.view()).pattern != nullptr ? nullptr : before;
}

int MoveCheck::Look(int dir, const PatternRule*& lost) const {
  struct Level {
    os::UniqueFd fd;
    std::size_t length = 0;  ///< Of the name of this directory below `from`.
  };
  Level levels[kMostDepth];
  PathBuffer below;
  below.Assign("");
  os::DirectoryReader reader;
  std::size_t depth = 0;
  std::size_t names = 0;
  int at = dir;
  for (;;) {
    const int n = reader.Fill(at);
    if (n < 0) return n;
    if (n == 0) {
      if (depth == 0) return 0;
      levels[--depth].fd.Reset();
      at = depth == 0 ? dir : levels[depth - 1].fd.get();
      below.SetLength(depth == 0 ? 0 : levels[depth - 1].length);
      continue;
    }
    const std::size_t base = below.view().size();
    for (os::DirectoryEntry entry; reader.Next(entry);) {
      if (++names > kMostNames) return -EBUSY;
      below.SetLength(base);
      if (!below.AddName(entry.name)) return -ENAMETOOLONG;
      lost = LosesAt(below.view().substr(1));
      if (lost != nullptr) return 0;
      if (!entry.may_be_directory) continue;
      os::UniqueFd child(os::OpenNameWith(at, entry.name, 0, 0));
      os::OpenedFile file;
      if (!child.valid()) {
        if (child.get() == -ELOOP || child.get() == -ENXIO || child.get() == -ENOENT) continue;
        return -EBUSY;  // what cannot be looked at may hold anything
      }
      if (os::Inspect(child.get(), file) < 0) return -EBUSY;
      if (file.kind != os::OpenedFile::Kind::kDirectory) continue;
      if (depth == kMostDepth) return -EBUSY;
      // The rest of this directory is read again from here.
      if (const int r = os::SeekDirectory(at, entry.next); r < 0) return r;
      levels[depth].fd = std::move(child);
      levels[depth].length = below.view().size();
      at = levels[depth].fd.get();
      ++depth;
      break;
    }
    below.SetLength(depth == 0 ? 0 : levels[depth - 1].length);
  }
}

}  // namespace ambit::run
