#include "run/pattern_matches.h"

#include <algorithm>
#include <cerrno>
#include <map>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/file_view.h"
#include "base/path_text.h"
#include "os/disk_view.h"
#include "os/walk.h"
#include "run/linked_directories.h"
#include "run/other_names.h"

namespace ambit::run {
namespace {

using policy::Access;
using policy::PathRule;
using policy::PatternRule;
using policy::Policy;

constexpr const char* kUnreadable = " (cannot be looked into)";

/// Where nothing needs to be looked for: what is closed as a whole, and what is not the host's.
std::vector<std::string> PlacesToSkip(const Policy& policy) {
  std::unordered_set<std::string_view> reopened;
  for (const PathRule& rule : policy.rules) {
    if (rule.access == Access::kNone) continue;
    for (std::string_view dir = rule.path; reopened.insert(dir).second && dir != "/";) {
      dir = ParentPath(dir);
    }
  }
  std::vector<std::string> out = {"/dev", "/proc", "/sys"};
  for (const PathRule& rule : policy.rules) {
    if (rule.access == Access::kNone && !reopened.contains(rule.path)) out.push_back(rule.path);
  }
  return out;
}

class Lookup {
 public:
  explicit Lookup(Policy& policy) : policy_(policy), skip_(PlacesToSkip(policy)) {}

  Result<> Run() {
    // Patterns that start at one directory are looked up in one walk.
    std::map<std::string, std::vector<PatternRule*>> by_base;
    for (PatternRule& rule : policy_.patterns) {
      if (rule.base_exists && !(live_ && rule.glob.has_globstar())) {
        by_base[rule.base].push_back(&rule);
      }
    }
    for (const auto& [base, rules] : by_base) AMBIT_CHECK(Walk(base, rules));
    if (!live_) AMBIT_CHECK(CloseOtherNames());
    Apply();
    return {};
  }

 private:
  Result<> Walk(const std::string& base, const std::vector<PatternRule*>& rules) {
    std::vector<os::WalkPattern> patterns;
    for (const PatternRule* rule : rules) patterns.push_back({&rule->glob, rule->max_depth});
    Result<std::vector<os::WalkMatch>> matches =
        os::FindMatches({base, "", true}, patterns, 0, skip_);
    if (!matches) {
      Error error = std::move(matches).error();
      if (error.sys_errno == ENOSYS) {
        error.message += "; the openat2 system call is needed, which a sandbox around ambit hides";
      }
      return std::unexpected(std::move(error));
    }
    LinkedDirectories linked(policy_, base, rules, skip_, disk_);
    for (os::WalkMatch& match : *matches) {
      PatternRule& rule = *rules[match.pattern];
      if (match.way) {
        AMBIT_CHECK(CloseBehind(linked, base, rules, match.path));
      } else if (match.kind == FileKind::kSymlink) {
        AMBIT_CHECK(CloseTarget(rule, match.path));
      } else if (live_) {
        continue;  // closed by its name
      } else if (match.unreadable) {
        Close(rule, std::move(match.path), FileKind::kDirectory, kUnreadable);
      } else {
        rule.matches.push_back(std::move(match.path));
      }
    }
    return {};
  }

  /// What matches by a name through the link `way` to a directory.
  Result<> CloseBehind(LinkedDirectories& linked, const std::string& base,
                       const std::vector<PatternRule*>& rules, const std::string& way) {
    AMBIT_TRY(std::vector<LinkedDirectories::Found> found, linked.Search(way));
    for (auto& [match, name] : found) {
      const PatternRule& rule = *rules[match.pattern];
      if (match.kind == FileKind::kSymlink) {
        AMBIT_CHECK(CloseTarget(rule, match.path));
        continue;
      }
      const std::string as = JoinPath(base, name);
      AMBIT_CHECK(CheckNotInside(rule, as, match.path));
      const std::string how = match.unreadable ? std::string(kUnreadable) : Through(as);
      if (!IsClosed(match.path)) Close(rule, std::move(match.path), match.kind, how);
    }
    return {};
  }

  /// Whether a pattern or a floor closes `path` as it is.
  [[nodiscard]] bool IsClosed(const std::string& path) const {
    const policy::Decision decision = Decide(policy_, path);
    return decision.pattern != nullptr ||
           (decision.rule != nullptr && policy::IsFloor(decision.rule->origin));
  }

  /// Whoever reads through a matching link reads what it leads to.
  Result<> CloseTarget(const PatternRule& rule, const std::string& link) {
    AMBIT_TRY(RealPath target, ResolveRealPath(disk_, link));
    if (target.loop || target.kind == FileKind::kMissing) return {};
    AMBIT_CHECK(CheckNotInside(rule, link, target.path));
    Close(rule, std::move(target.path), target.kind, Through(link));
    return {};
  }

  /// What the command works in cannot be closed.
  Result<> CheckNotInside(const PatternRule& rule, const std::string& link,
                          const std::string& target) const {
    if (!IsAtOrBelow(policy_.cwd, target) && !IsAtOrBelow(rule.base, target)) return {};
    return Fail(ErrorCode::kUnsupported,
                "'" + Printable(link) + "' matches '" + Printable(rule.given) + "' and leads to '" +
                    Printable(target) +
                    "', which cannot be closed because the command works inside it; remove the "
                    "link or narrow the pattern",
                rule.from);
  }

  /// A mask covers one name. The others of a file that is closed are looked for where the command
  /// may write, since whoever works there has made them, and where patterns start.
  Result<> CloseOtherNames() {
    std::vector<NamedFile> files;
    std::vector<std::pair<std::string, SourceRef>> why;
    const auto add = [&](const std::string& path, const std::string& given, const SourceRef& from) {
      FileIdentity file;
      if (!HasOtherNames(path, file)) return;
      files.push_back({path, file});
      why.emplace_back(given, from);
    };
    for (const PatternRule& rule : policy_.patterns) {
      for (const std::string& path : rule.matches) add(path, rule.given, rule.from);
    }
    for (const PathRule& rule : policy_.rules) {
      if (rule.access == Access::kNone) add(rule.path, rule.given, rule.from);
    }
    for (const PathRule& rule : closed_) add(rule.path, rule.given, rule.from);
    if (files.empty()) return {};
    AMBIT_TRY(const std::vector<NamedFile> names, FindNamesOf(files, PlacesToSearch(), skip_));
    for (const NamedFile& name : names) {
      if (IsClosed(name.path) || Decide(policy_, name.path).access == Access::kNone) continue;
      const auto same = std::ranges::find_if(files, [&name](const NamedFile& one) {
        return one.file.dev == name.file.dev && one.file.ino == name.file.ino;
      });
      if (same->path == name.path) continue;
      const auto& [given, from] = why[static_cast<std::size_t>(same - files.begin())];
      Close(given + " (the same file as '" + same->path + "')", from, name.path,
            FileKind::kRegular);
    }
    return {};
  }

  [[nodiscard]] std::vector<std::string> PlacesToSearch() const {
    std::vector<std::string> out;
    const auto add = [&out](const std::string& path) {
      const auto covers = [&path](const std::string& root) { return IsAtOrBelow(path, root); };
      if (path != "/" && std::ranges::none_of(out, covers)) out.push_back(path);
    };
    for (const PathRule& rule : policy_.rules) {  // sorted: what covers others comes first
      if (rule.access == Access::kWrite && rule.kind == FileKind::kDirectory) add(rule.path);
    }
    for (const PatternRule& rule : policy_.patterns) {
      if (rule.base_exists) add(rule.base);
    }
    return out;
  }

  static std::string Through(const std::string& link) { return " (through '" + link + "')"; }

  void Close(const PatternRule& pattern, std::string path, FileKind kind, const std::string& how) {
    Close(pattern.given + how, pattern.from, std::move(path), kind);
  }
  void Close(std::string given, const SourceRef& from, std::string path, FileKind kind) {
    PathRule rule;
    rule.deepest_existing = path;
    rule.path = std::move(path);
    rule.origin = policy::Origin::kMatched;
    rule.kind = kind;
    rule.given = std::move(given);
    rule.from = from;
    closed_.push_back(std::move(rule));
  }

  /// These rules take the place of grants at their path; a deny that is there already will do only
  /// if it cannot be reopened either.
  void Apply() {
    if (closed_.empty()) return;
    std::ranges::stable_sort(closed_, {}, &PathRule::path);
    const auto same = std::ranges::unique(closed_, {}, &PathRule::path);
    closed_.erase(same.begin(), same.end());
    std::vector<PathRule> kept;
    for (PathRule& rule : policy_.rules) {
      const bool replaced = !policy::IsFloor(rule.origin) &&
                            std::ranges::binary_search(closed_, rule.path, {}, &PathRule::path);
      (replaced ? policy_.ties_lost : kept).push_back(std::move(rule));
    }
    policy_.rules = std::move(kept);
    policy_.Reindex();
    for (PathRule& rule : closed_) {
      if (!policy_.HasRule(rule.path)) added_.push_back(std::move(rule));
    }
    std::ranges::move(added_, std::back_inserter(policy_.rules));
    policy_.Reindex();
  }

  Policy& policy_;
  const bool live_ = policy_.deny_mode == config::DenyMode::kLive;
  const std::vector<std::string> skip_;
  const os::DiskView disk_;
  std::vector<PathRule> closed_;
  std::vector<PathRule> added_;
};

}  // namespace

Result<> LookUpMatches(Policy& policy) {
  const bool live = policy.deny_mode == config::DenyMode::kLive;
  if (policy.unrestricted || (policy.patterns.empty() && live)) return {};
  return Lookup(policy).Run();
}

}  // namespace ambit::run
