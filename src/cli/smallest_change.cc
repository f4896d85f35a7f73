#include "cli/smallest_change.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json_text.h"
#include "base/path_text.h"
#include "base/utf8.h"

namespace ambit::cli {
namespace {

using policy::Access;
using policy::Origin;

bool IsUtf8(std::string_view text) {
  while (!text.empty()) {
    const Utf8Character next = DecodeUtf8(text);
    if (next.code >= kInvalidByteBase) return false;
    text.remove_prefix(next.length);
  }
  return true;
}

/// A TOML key: bare where it may be, else a basic string, whose escapes are those of JSON.
std::string TomlKey(std::string_view key) {
  const bool bare = !key.empty() && std::ranges::all_of(key, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
  });
  return bare ? std::string(key) : JsonString(key);
}

/// `path` as the key of a deny entry: pattern characters stand for themselves.
std::string DenyKey(std::string_view path) {
  if (!LooksLikePattern(path)) return std::string(path);
  std::string out;
  for (const char c : path) {
    if (std::string_view("*?[]{}\\").find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

std::string PlaceText(const SourceRef& from) {
  const std::string place = ToString(from);
  return place.empty() ? "" : " at " + place;
}

/// Whether the user can edit the line that the rule comes from.
bool IsUsersLine(const policy::PathRule& rule) {
  return rule.origin == Origin::kEntry && rule.from.line != 0;
}

/// Built-in and managed profiles cannot be edited, only extended.
bool IsFixed(const config::Selected& selected) {
  return selected.profile.managed || selected.profile.name.starts_with(':');
}

/// The profile that lines are to be added to.
std::string Target(const config::Selected& selected) {
  return IsFixed(selected) ? "my-profile" : selected.profile.name;
}

std::string Entry(std::string_view key, Access access) {
  return JsonString(key) + " = \"" + std::string(ToWord(access)) + "\"\n";
}

std::string FilesystemTable(const config::Selected& selected) {
  return "[permissions." + TomlKey(Target(selected)) + ".filesystem";
}

Change AddEntry(const config::Selected& selected, const std::string& path, Access access) {
  if (!IsUtf8(path)) {
    return {.possible = false,
            .text =
                "the name is not UTF-8, so no entry can name it; an entry for a directory "
                "above it can"};
  }
  if (LooksLikePattern(path) && access != Access::kNone) {
    return {.possible = false,
            .text =
                "the name has pattern characters, so no entry can grant it alone; an entry "
                "for a directory above it can"};
  }
  const std::string key = access == Access::kNone ? DenyKey(path) : path;
  return Addition(selected, FilesystemTable(selected) + "]\n" + Entry(key, access));
}

/// The same key as an inherited rule's, which replaces it; nullopt when the key is not known.
std::optional<std::string> Replacement(const config::Selected& selected,
                                       const policy::PathRule& rule, Access access) {
  constexpr std::string_view kScoped = ":workspace_roots";
  const std::string_view given = rule.given;
  if (!given.starts_with(':')) return std::nullopt;
  if (!given.starts_with(kScoped)) {
    return FilesystemTable(selected) + "]\n" + Entry(given, access);
  }
  const std::string_view below = given.substr(kScoped.size());
  return FilesystemTable(selected) + "." + JsonString(kScoped) + "]\n" +
         Entry(below.empty() ? "." : below.substr(1), access);
}

/// Every rule for exactly `path` that stands in the way of a change: as a tie, one is enough. To
/// allow, a weaker grant does not, unless the new entry would have its very key: one table cannot
/// have both.
std::vector<const policy::PathRule*> RulesInTheWay(const policy::Decision& decision,
                                                   std::string_view path, bool to_allow,
                                                   Access wanted) {
  std::vector<const policy::PathRule*> all = decision.beaten;
  if (decision.rule != nullptr) all.insert(all.begin(), decision.rule);
  std::erase_if(all, [&](const policy::PathRule* rule) {
    if (rule->path != path || rule->origin != Origin::kEntry) return true;
    if (!to_allow) return rule->access <= wanted;
    const bool same_key = IsUsersLine(*rule) && rule->given == path;
    return rule->access >= wanted || (rule->access != Access::kNone && !same_key);
  });
  return all;
}

/// Gives each of `rules` the word `access`: in its own line where the user wrote it, else by an
/// entry with the same key.
Change ChangeRules(const config::Selected& selected,
                   const std::vector<const policy::PathRule*>& rules, Access access) {
  std::string text;
  std::string lines;
  for (const policy::PathRule* rule : rules) {
    if (IsUsersLine(*rule) && !selected.profile.managed) {
      text += (text.empty() ? "change " : " and ") + RuleText(*rule) + PlaceText(rule->from);
    } else if (const auto line = Replacement(selected, *rule, access)) {
      lines += *line;
    } else {
      return AddEntry(selected, rule->path, Access::kNone);
    }
  }
  if (!text.empty()) text += " to \"" + std::string(ToWord(access)) + "\"";
  if (lines.empty()) return {.text = std::move(text)};
  Change change = Addition(selected, std::move(lines));
  if (!text.empty()) change.text = text + ", and " + change.text;
  return change;
}

/// What an entry has to name to grant `path`. To write something that does not exist is granted by
/// the rule above it: that of a writable directory once no narrower rule holds, else a new one for
/// the deepest directory that exists.
std::string GrantTarget(const policy::Decision& decision, const RealPath& path, Access wanted) {
  if (path.kind != FileKind::kMissing || wanted != Access::kWrite) return path.path;
  const policy::PathRule* rule = decision.rule;
  if (rule == nullptr || rule->kind != FileKind::kMissing) return path.deepest_existing;
  const auto above = std::ranges::find_if(
      decision.beaten, [&](const policy::PathRule* one) { return one->path != rule->path; });
  const bool writable = above != decision.beaten.end() && (*above)->access == Access::kWrite;
  return writable ? rule->path : path.deepest_existing;
}

Change ToAllow(const config::Selected& selected, const policy::Decision& decision,
               const RealPath& path, Access wanted) {
  if (const policy::PatternRule* pattern = decision.pattern) {
    if (pattern->origin == Origin::kManaged) return ManagedForbids(pattern->from);
    return {.text = "narrow or remove the pattern '" + Printable(pattern->given) + "'" +
                    PlaceText(pattern->from) + "; no entry reopens what a pattern denies"};
  }
  const policy::PathRule* rule = decision.rule;
  if (rule != nullptr && rule->origin == Origin::kManaged) return ManagedForbids(rule->from);
  if (rule != nullptr && rule->origin == Origin::kMatched) {
    return {.text = "remove the link, or narrow the pattern at " + ToString(rule->from)};
  }
  const std::string target = GrantTarget(decision, path, wanted);
  const auto rules = RulesInTheWay(decision, target, true, wanted);
  if (!rules.empty()) return ChangeRules(selected, rules, wanted);
  return AddEntry(selected, target, wanted);
}

}  // namespace

Change Addition(const config::Selected& selected, std::string lines) {
  if (!IsFixed(selected)) {
    return {.text = "add to the profile '" + Printable(selected.profile.name) + "'",
            .toml = std::move(lines)};
  }
  return {.text = "add a profile of your own and select it with -P",
          .toml = "[permissions." + Target(selected) +
                  "]\nextends = " + JsonString(selected.profile.name) + "\n" + lines};
}

Change ManagedForbids(const SourceRef& from) {
  return {.possible = false,
          .managed = true,
          .text = "the managed requirement" + PlaceText(from) +
                  " forbids it; only who sets the requirements can change that"};
}

std::string ProfileTable(const config::Selected& selected, std::string_view table) {
  return "[permissions." + TomlKey(Target(selected)) + "." + std::string(table) + "]\n";
}

std::string Indented(std::string_view text, std::string_view indent) {
  std::string out;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    out += std::string(indent) + std::string(text.substr(0, end)) + '\n';
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return out;
}

std::string RuleText(const policy::PathRule& rule) {
  const std::string path = "'" + Printable(rule.path) + "'";
  std::string name = rule.given.empty() ? path : "'" + Printable(rule.given) + "'";
  switch (rule.origin) {
    case Origin::kEntry:
      return name + " = \"" + std::string(ToWord(rule.access)) + "\"";
    case Origin::kProtected:
      return "protected metadata " + name + ", which is read-only in a writable root";
    case Origin::kManaged:
      return "managed deny of " + name;
    case Origin::kMatched:
      return "what the pattern " + name + " leads to";
    case Origin::kSecret:
      return "the secret file " + name + ", which only the proxy reads";
  }
  return name;
}

Change SmallestChange(const config::Selected& selected, const policy::Policy& policy,
                      const policy::Decision& decision, const RealPath& path, bool write) {
  if (policy.unrestricted) {
    return {.text = "use a profile that has a sandbox, for example -P :workspace"};
  }
  const Access wanted = write ? Access::kWrite : Access::kRead;
  if (decision.access < wanted) return ToAllow(selected, decision, path, wanted);
  const Access less = write ? Access::kRead : Access::kNone;
  const auto rules = RulesInTheWay(decision, path.path, false, less);
  if (!rules.empty()) return ChangeRules(selected, rules, less);
  return AddEntry(selected, path.path, less);
}

}  // namespace ambit::cli
