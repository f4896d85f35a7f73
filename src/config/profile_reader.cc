#include "config/profile_reader.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

#include "base/path_text.h"
#include "config/network_reader.h"
#include "config/table_reader.h"

namespace ambit::config {
namespace {

constexpr std::string_view kProfileKeys[] = {
    "description", "extends",     "workspace_roots", "filesystem",
    "network",     "environment", "limits",          "tests",
};
constexpr std::string_view kDepthKey = "glob_scan_max_depth";
constexpr std::string_view kDenyModeKey = "deny_mode";

/// The access word that a member of `table` holds.
Result<AccessWord> ReadAccess(const Member& member, const TableReader& table) {
  static constexpr std::string_view kWords[] = {"read", "write", "deny"};
  const Node& node = member.value;
  if (node.Is(NodeKind::kString)) {
    if (node.text == "read") return AccessWord::kRead;
    if (node.text == "write") return AccessWord::kWrite;
    // "none" is understood, but not advertised.
    if (node.text == "deny" || node.text == "none") return AccessWord::kDeny;
  }
  AMBIT_CHECK(ReadWord(node, table.Name(member.key), kWords));
  return AccessWord::kDeny;
}

/// What becomes of the entries of the filesystem table. Most profiles are only checked, and their
/// entries are all there is much of.
enum class Entries : std::uint8_t { kKept, kChecked };

Result<> ReadScoped(const TableReader& scoped, const std::string& key, Profile& profile,
                    Entries entries) {
  for (const Member& member : scoped.node().members) {
    AMBIT_TRY(const AccessWord access, ReadAccess(member, scoped));
    if (entries == Entries::kChecked) continue;
    profile.filesystem.push_back({key, member.key, access, member.key_place.Ref()});
  }
  return {};
}

Result<> ReadFilesystem(const TableReader& table, Profile& profile, Entries entries) {
  static constexpr std::string_view kDenyModes[] = {"live", "snapshot"};
  // 0 is refused where the profile is used: see ResolveParents.
  const Node* const depth = table.node().Find(kDepthKey);
  if (depth && depth->Is(NodeKind::kInteger) && depth->integer < 0) {
    return Fail(ErrorCode::kInvalidConfig,
                table.Name(kDepthKey) + " must be at least 1; leave it out for no limit",
                depth->where.Ref());
  }
  AMBIT_TRY(profile.glob_scan_max_depth, table.Integer(kDepthKey, 0));
  if (profile.glob_scan_max_depth) {
    // No path is that deep: the meaning stays, and narrower integers can hold it.
    constexpr std::int64_t kDeepest = std::numeric_limits<std::int32_t>::max();
    profile.glob_scan_max_depth->value = std::min(profile.glob_scan_max_depth->value, kDeepest);
  }
  AMBIT_TRY(const auto mode, table.Word(kDenyModeKey, kDenyModes));
  if (mode) {
    profile.deny_mode = {mode->value == "live" ? DenyMode::kLive : DenyMode::kSnapshot, mode->from};
  }
  if (entries == Entries::kKept) profile.filesystem.reserve(table.node().members.size());
  for (const Member& member : table.node().members) {
    if (member.key == kDepthKey || member.key == kDenyModeKey) continue;
    if (member.value.Is(NodeKind::kTable)) {
      const TableReader scoped(member.value, ChildPath(table.path(), member.key));
      AMBIT_CHECK(ReadScoped(scoped, member.key, profile, entries));
      continue;
    }
    AMBIT_TRY(const AccessWord access, ReadAccess(member, table));
    if (entries == Entries::kChecked) continue;
    profile.filesystem.push_back({member.key, std::nullopt, access, member.key_place.Ref()});
  }
  return {};
}

Result<> ReadWorkspaceRoots(const TableReader& table, Profile& profile) {
  for (const Member& member : table.node().members) {
    AMBIT_TRY(const bool enabled, ReadBoolean(member.value, table.Name(member.key)));
    profile.workspace_roots.push_back({member.key, enabled, member.key_place.Ref()});
  }
  return {};
}

Result<> ReadEnvironment(const TableReader& table, EnvironmentTable& environment) {
  static constexpr std::string_view kKeys[] = {"inherit", "exclude", "default_excludes", "include",
                                               "set"};
  static constexpr std::string_view kInherit[] = {"all", "core", "none"};
  AMBIT_CHECK(table.RefuseUnknown(kKeys));
  AMBIT_TRY(const auto inherit, table.Word("inherit", kInherit));
  if (inherit) {
    const EnvironmentInherit value = inherit->value == "all"    ? EnvironmentInherit::kAll
                                     : inherit->value == "core" ? EnvironmentInherit::kCore
                                                                : EnvironmentInherit::kNone;
    environment.inherit = {value, inherit->from};
  }
  AMBIT_TRY(environment.exclude, table.Strings("exclude"));
  AMBIT_TRY(environment.default_excludes, table.Boolean("default_excludes"));
  AMBIT_TRY(environment.include, table.Strings("include"));
  AMBIT_TRY(const auto set, table.Table("set"));
  if (!set) return {};
  for (const Member& member : set->node().members) {
    AMBIT_TRY(const auto value, set->String(member.key));
    const bool bad_name = member.key.empty() || member.key.find('=') != std::string::npos ||
                          member.key.find('\0') != std::string::npos;
    if (bad_name || value->value.find('\0') != std::string::npos) {
      return Fail(ErrorCode::kInvalidConfig,
                  set->Name(member.key) +
                      " cannot be set: a name is not empty and has no '=', and nothing holds NUL",
                  member.key_place.Ref());
    }
    environment.set.emplace(member.key, *value);
  }
  return {};
}

Result<> ReadLimits(const TableReader& table, LimitsTable& limits) {
  static constexpr std::string_view kKeys[] = {"processes", "open_files", "file_size",
                                               "cpu_seconds"};
  AMBIT_CHECK(table.RefuseUnknown(kKeys));
  AMBIT_TRY(limits.processes, table.Integer("processes", 1));
  AMBIT_TRY(limits.open_files, table.Integer("open_files", 1));
  AMBIT_TRY(limits.file_size, table.Integer("file_size", 1));
  AMBIT_TRY(limits.cpu_seconds, table.Integer("cpu_seconds", 1));
  return {};
}

Result<ProfileTest> ReadTest(const TableReader& table) {
  static constexpr std::string_view kKeys[] = {"expect", "read", "write", "connect", "unix"};
  static constexpr std::string_view kExpect[] = {"allow", "deny"};
  using Question = ProfileTest::Question;
  static constexpr std::pair<std::string_view, Question> kQuestions[] = {
      {"read", Question::kRead},
      {"write", Question::kWrite},
      {"connect", Question::kConnect},
      {"unix", Question::kUnix}};
  AMBIT_CHECK(table.RefuseUnknown(kKeys));
  ProfileTest test;
  test.from = table.node().where.Ref();
  AMBIT_TRY(const auto expect, table.Word("expect", kExpect));
  int questions = 0;
  for (const auto& [key, question] : kQuestions) {
    AMBIT_TRY(const auto object, table.String(key));
    if (!object) continue;
    ++questions;
    test.question = question;
    test.object = object->value;
  }
  if (!expect || questions != 1) {
    return Fail(ErrorCode::kInvalidConfig,
                "an entry of [[" + table.path() +
                    "]] must have 'expect' and exactly one of 'read', 'write', 'connect', 'unix'",
                test.from);
  }
  test.expect_allow = expect->value == "allow";
  return test;
}

Result<> ReadTests(const TableReader& profile_table, Profile& profile) {
  AMBIT_TRY(const auto items, profile_table.List("tests"));
  for (const Node& item : items) {
    if (!item.Is(NodeKind::kTable)) {
      return WrongType(profile_table.Name("tests"), "a list of tables", item);
    }
    const TableReader table(item, ChildPath(profile_table.path(), "tests"));
    AMBIT_TRY(profile.tests.emplace_back(), ReadTest(table));
  }
  return {};
}

Result<Profile> ReadTables(const std::string& name, const Node& table, const SourceRef& from,
                           Entries entries) {
  Profile profile;
  profile.name = name;
  profile.from = from;
  const TableReader reader(table, ChildPath("permissions", name));
  AMBIT_CHECK(reader.RefuseUnknown(kProfileKeys));
  AMBIT_TRY(profile.description, reader.String("description"));
  AMBIT_TRY(profile.extends, reader.String("extends"));
  AMBIT_TRY(const auto roots, reader.Table("workspace_roots"));
  if (roots) AMBIT_CHECK(ReadWorkspaceRoots(*roots, profile));
  AMBIT_TRY(const auto filesystem, reader.Table("filesystem"));
  if (filesystem) AMBIT_CHECK(ReadFilesystem(*filesystem, profile, entries));
  AMBIT_TRY(const auto network, reader.Table("network"));
  if (network) {
    AMBIT_TRY(profile.network, ReadNetwork(*network));
  }
  AMBIT_TRY(const auto environment, reader.Table("environment"));
  if (environment) AMBIT_CHECK(ReadEnvironment(*environment, profile.environment));
  AMBIT_TRY(const auto limits, reader.Table("limits"));
  if (limits) AMBIT_CHECK(ReadLimits(*limits, profile.limits));
  AMBIT_CHECK(ReadTests(reader, profile));
  return profile;
}

}  // namespace

Result<Profile> ReadProfile(const std::string& name, const Node& table, const SourceRef& from) {
  return ReadTables(name, table, from, Entries::kKept);
}

Result<> CheckProfiles(const Node& permissions) {
  const TableReader reader(permissions, "permissions");
  for (const Member& member : permissions.members) {
    if (member.key.starts_with(':')) {
      return Fail(ErrorCode::kInvalidConfig,
                  reader.Name(member.key) +
                      " is not a name for a profile: names that begin with ':' are built in; "
                      "choose another",
                  member.key_place.Ref());
    }
    if (!member.value.Is(NodeKind::kTable)) {
      return WrongType(reader.Name(member.key), "a table", member.value);
    }
    AMBIT_CHECK(ReadTables(member.key, member.value, member.key_place.Ref(), Entries::kChecked));
  }
  return {};
}

void NormaliseProfiles(Node& permissions, std::vector<Notice>& notices) {
  for (Member& profile : permissions.members) {
    Node* const network = profile.value.Find("network");
    Node* const domains = network ? network->Find("domains") : nullptr;
    if (domains) NormaliseDomains(*domains, notices);
  }
}

}  // namespace ambit::config
