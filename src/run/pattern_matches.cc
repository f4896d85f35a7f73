#include "run/pattern_matches.h"

#include <algorithm>
#include <map>

#include "base/file_view.h"
#include "base/path_text.h"
#include "os/disk_view.h"
#include "os/walk.h"

namespace ambit::run {
namespace {

/// Patterns that start at one directory are looked up in one walk.
using ByBase = std::map<std::string, std::vector<const plan::HideMatches*>>;

ByBase GroupByBase(const plan::Plan& plan) {
  ByBase out;
  for (const plan::Op& op : plan.ops) {
    if (const auto* const matches = std::get_if<plan::HideMatches>(&op)) {
      out[matches->base].push_back(matches);
    }
  }
  return out;
}

/// Where nothing needs to be looked for: what is closed as a whole, and what is not the host's.
std::vector<std::string> PlacesToSkip(const plan::Plan& plan) {
  std::vector<std::string> out = {"/dev", "/proc", "/sys"};
  for (const plan::Op& op : plan.ops) {
    if (const auto* const hide = std::get_if<plan::Hide>(&op)) {
      if (hide->reopened.empty()) out.push_back(hide->path);
    }
  }
  std::ranges::sort(out);
  return out;
}

std::string StartDirectory(const plan::Plan& plan) {
  for (const plan::Op& op : plan.ops) {
    if (const auto* const start = std::get_if<plan::StartIn>(&op)) return start->path;
  }
  return "/";
}

/// A matching link closes what it leads to, for whoever reads through it reads that.
Result<> AddLinkTarget(const os::DiskView& disk, const plan::HideMatches& rule,
                       const std::string& start, const std::string& link,
                       std::vector<std::string>& out) {
  AMBIT_TRY(RealPath target, ResolveRealPath(disk, link));
  if (target.loop || target.kind == FileKind::kMissing) return {};
  if (IsAtOrBelow(start, target.path) || IsAtOrBelow(rule.base, target.path)) {
    return Fail(ErrorCode::kUnsupported,
                "'" + Printable(link) + "' matches '" + Printable(rule.given) + "' and leads to '" +
                    Printable(target.path) +
                    "', which cannot be closed because the command works inside it; remove the "
                    "link or narrow the pattern",
                rule.from);
  }
  out.push_back(std::move(target.path));
  return {};
}

/// Sorted paths without those below another one: covering the upper one closes them all.
void KeepOutermost(std::vector<std::string>& paths) {
  std::ranges::sort(paths, [](const std::string& a, const std::string& b) {
    return std::ranges::lexicographical_compare(Components(a), Components(b));
  });
  std::vector<std::string> kept;
  for (std::string& path : paths) {
    if (!kept.empty() && IsAtOrBelow(path, kept.back())) continue;
    kept.push_back(std::move(path));
  }
  paths = std::move(kept);
}

}  // namespace

Result<std::vector<std::string>> FindPlacesToHide(const plan::Plan& plan) {
  std::vector<std::string> out;
  const ByBase by_base = GroupByBase(plan);
  if (by_base.empty()) return out;
  const os::DiskView disk;
  const std::vector<std::string> skip = PlacesToSkip(plan);
  const std::string start = StartDirectory(plan);
  for (const auto& [base, rules] : by_base) {
    std::vector<os::WalkPattern> patterns;
    for (const plan::HideMatches* rule : rules) patterns.push_back({&rule->glob, rule->max_depth});
    AMBIT_TRY(std::vector<os::WalkMatch> matches, os::FindMatches(base, patterns, 0, skip));
    for (os::WalkMatch& match : matches) {
      if (match.kind == FileKind::kSymlink) {
        AMBIT_CHECK(AddLinkTarget(disk, *rules[match.pattern], start, match.path, out));
      } else {
        out.push_back(std::move(match.path));
      }
    }
  }
  KeepOutermost(out);
  return out;
}

}  // namespace ambit::run
