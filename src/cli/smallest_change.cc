#include "cli/smallest_change.h"

#include <algorithm>

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

Change AddEntry(const config::Selected& selected, const std::string& path, Access access) {
  const bool pattern = LooksLikePattern(path);
  if (!IsUtf8(path)) {
    return {.possible = false,
            .text =
                "the name is not UTF-8, so no entry can name it; an entry for a directory "
                "above it can"};
  }
  if (pattern && access != Access::kNone) {
    return {.possible = false,
            .text =
                "the name has pattern characters, so no entry can grant it alone; an entry "
                "for a directory above it can"};
  }
  Change change;
  const std::string key = access == Access::kNone ? DenyKey(path) : path;
  const std::string entry = JsonString(key) + " = \"" + std::string(ToWord(access)) + "\"\n";
  if (IsFixed(selected)) {
    change.text = "add a profile of your own and select it with -P";
    change.toml = "[permissions.my-profile]\nextends = " + JsonString(selected.profile.name) +
                  "\n[permissions.my-profile.filesystem]\n" + entry;
  } else {
    change.text = "add to the profile '" + Printable(selected.profile.name) + "'";
    change.toml = "[permissions." + TomlKey(selected.profile.name) + ".filesystem]\n" + entry;
  }
  return change;
}

Change ChangeWord(const policy::PathRule& rule, Access access) {
  return {.text = "change " + RuleText(rule) + PlaceText(rule.from) + " to \"" +
                  std::string(ToWord(access)) + "\""};
}

Change ManagedForbids(const SourceRef& from) {
  return {.possible = false,
          .managed = true,
          .text = "the managed requirement" + PlaceText(from) +
                  " forbids it; only who sets the requirements can change that"};
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
  const bool below_missing = rule != nullptr && rule->kind == FileKind::kMissing;
  if (rule != nullptr && IsUsersLine(*rule) && (rule->path == path.path || below_missing)) {
    return ChangeWord(*rule, wanted);
  }
  // A grant of something that does not exist grants nothing, except that it lifts protection.
  const bool lifts = rule != nullptr && rule->origin == Origin::kProtected;
  const bool missing = path.kind == FileKind::kMissing && !lifts;
  return AddEntry(selected, missing ? path.deepest_existing : path.path, wanted);
}

}  // namespace

std::string RuleText(const policy::PathRule& rule) {
  const std::string name = "'" + Printable(rule.given.empty() ? rule.path : rule.given) + "'";
  switch (rule.origin) {
    case Origin::kEntry:
      return name + " = \"" + std::string(ToWord(rule.access)) + "\"";
    case Origin::kProtected:
      return "protected metadata " + name + ", which is read-only in a writable root";
    case Origin::kManaged:
      return "managed deny of " + name;
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
  if (decision.rule != nullptr && decision.rule->path == path.path && IsUsersLine(*decision.rule)) {
    return ChangeWord(*decision.rule, less);
  }
  return AddEntry(selected, path.path, less);
}

}  // namespace ambit::cli
