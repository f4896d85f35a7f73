#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/file_view.h"
#include "base/glob.h"
#include "base/result.h"
#include "config/config.h"
#include "policy/network.h"
#include "policy/rule_index.h"
#include "policy/unix_sockets.h"

namespace ambit::policy {

/// What a path may be used for. Ordered: a larger value grants everything a smaller one does.
enum class Access : std::uint8_t { kNone, kRead, kWrite };

/// "deny", "read", "write".
std::string_view ToWord(Access access);

/// Why a rule is there.
enum class Origin : std::uint8_t {
  kEntry,      ///< Written in a profile (built-ins included).
  kProtected,  ///< Metadata of a writable root (.git, .codex, .agents, .aws, .ambit) or what a
               ///< .git file points to.
  kManaged,    ///< deny_read of the requirements: a floor nothing reopens.
  kMatched,    ///< What a link that matches a deny pattern leads to, or a directory that cannot be
               ///< searched for matches: a floor as well.
  kSecret,  ///< A file that the proxy takes a secret from. An entry for the very file is stronger.
};

/// Whether no entry, however deep, reopens what a rule of this origin closes.
bool IsFloor(Origin origin);

struct PathRule {
  std::string path;  ///< Canonical: absolute, no link in its existing part, no trailing slash.
  Access access = Access::kNone;
  Origin origin = Origin::kEntry;
  FileKind kind = FileKind::kMissing;  ///< What was there when the policy was resolved.
  std::string deepest_existing;        ///< `path` itself, or its deepest ancestor that exists.
  std::string given;                   ///< As written, for messages.
  SourceRef from;                      ///< The line that asked for it.
};

/// A deny pattern, repeated for every workspace root it applies to.
struct PatternRule {
  std::string base;  ///< Canonical directory the search starts in (the fixed prefix).
  Glob glob;         ///< Relative to `base`.
  std::optional<std::uint32_t> max_depth;  ///< glob_scan_max_depth; never for managed patterns.
  bool base_exists = false;                ///< Whether `base` is a directory.
  std::string pin_from;  ///< The directory the pattern was written against (workspace root, or
                         ///< "/"); directories below it down to `base` are part of the rule.
  Origin origin = Origin::kEntry;
  std::string given;
  SourceRef from;
  /// Canonical places that it closes at this moment; empty until they are looked up on the disk.
  std::vector<std::string> matches;
};

/// A link that a grant was reached through; restricted views recreate it.
struct LinkRule {
  std::string path;  ///< Canonical parent + the link's name.
  std::string text;  ///< What it says.
};

struct EnvironmentPolicy {
  config::EnvironmentInherit inherit = config::EnvironmentInherit::kAll;
  std::vector<std::string> exclude;  ///< Defaults included, unless switched off.
  std::vector<std::string> include;
  std::map<std::string, std::string> set;
  std::vector<std::string> secrets;  ///< Variables that only the proxy may know; never inherited.
};

struct NetworkPolicy {
  bool enabled = false;  ///< The table says enabled = true.
  SourceRef enabled_from;
  NetworkRules rules;  ///< The table, checked, together with what the requirements add.
  /// Names are answered, and connections to other addresses led to the proxy.
  bool capture = true;
};

/// A profile made concrete for one start: absolute canonical paths, no names, no links.
struct Policy {
  std::string profile;
  bool unrestricted = false;    ///< No sandbox at all; nothing below matters.
  std::string cwd;              ///< Canonical directory the command starts in.
  std::vector<PathRule> rules;  ///< Sorted by path; at most one per path (ties already settled).
  /// Rules without effect, for explain: they lost a tie at their own path, grant inside a managed
  /// deny, or grant what a deny pattern closes.
  std::vector<PathRule> ties_lost;
  std::vector<PatternRule> patterns;
  std::vector<LinkRule> links;              ///< Sorted by path, each once.
  std::vector<std::string> writable_roots;  ///< Canonical paths with a `write` rule of their own.
  config::DenyMode deny_mode = config::DenyMode::kLive;
  NetworkPolicy network;
  UnixSocketPolicy sockets;
  EnvironmentPolicy environment;
  config::LimitsTable limits;
  std::vector<config::Notice> notices;

  /// Where the rules are; filled by Resolve (call Reindex after any change).
  RuleIndex index;
  /// For every rule the deepest managed one at or above it, or kNoRule. Filled with the index.
  std::vector<std::size_t> floor_above;
  static constexpr std::size_t kNoRule = RuleIndex::kNone;
  void Reindex();
  /// The place in `rules` of the one at exactly this path, or kNoRule.
  [[nodiscard]] std::size_t IndexOf(std::string_view path) const { return index.Find(rules, path); }
  [[nodiscard]] bool HasRule(std::string_view path) const { return IndexOf(path) != kNoRule; }
  /// Adds rules that are no floors behind the others, with their index. Until Reindex they are out
  /// of order.
  void Append(std::vector<PathRule> more);
};

/// Facts of this start that a profile's names stand for.
struct Surroundings {
  std::string cwd;                    ///< As given, absolute.
  std::string home;                   ///< $HOME, may be empty.
  std::optional<std::string> tmpdir;  ///< $TMPDIR of our own environment.
  std::vector<std::string> add_dirs;  ///< --add-dir: more workspace roots.
  /// The home of the user's account, may be empty. HOME is the user's to set, so `~` in
  /// requirements means this one as well.
  std::string account_home = {};
};

/// Turns the selected profile into a Policy: expands names, folds and canonicalises paths, settles
/// ties, adds metadata protection and managed denies. Refuses what `profiles.md` refuses.
Result<Policy> Resolve(const config::Selected& selected, const Surroundings& around,
                       const FileView& files);

/// An answer together with its reason. Pointers point into the Policy.
struct Decision {
  Access access = Access::kNone;
  const PathRule* rule = nullptr;        ///< The exact rule that decided, or null.
  const PatternRule* pattern = nullptr;  ///< The pattern that decided, or null.
  /// Shallower (or tied, weaker) rules that also cover the path, deepest first. Filled by Explain
  /// only: Decide leaves it empty so as to stay fast.
  std::vector<const PathRule*> beaten;
};

/// The access that `policy` gives to the canonical absolute `path`. The one decision function:
/// patterns first, then managed denies, then the deepest rule at or above the path; no rule means
/// kNone. Pure.
Decision Decide(const Policy& policy, std::string_view path);

/// Decide, and what the winning rule beat.
Decision Explain(const Policy& policy, std::string_view path);

}  // namespace ambit::policy
