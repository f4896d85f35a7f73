#include "config/binding.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "base/path_text.h"
#include "config/builtins.h"
#include "config/profile_reader.h"

namespace ambit::config {
namespace {

bool IsDiskRoot(const PathEntry& entry) {
  const bool base = !entry.subpath || *entry.subpath == ".";
  return base &&
         (entry.key == ":root" || (entry.key.starts_with('/') && FoldPath(entry.key) == "/"));
}

bool IsWorkspaceOrTemp(std::string_view key) {
  return key == ":workspace_roots" || key == ":project_roots" || key == ":tmpdir" ||
         key == ":slash_tmp";
}

/// `write` on `:minimal` means read, and an unknown `:name` stands for nothing.
bool GivesWrite(const PathEntry& entry) {
  if (entry.access != AccessWord::kWrite) return false;
  return !entry.key.starts_with(':') || entry.key == ":root" || IsWorkspaceOrTemp(entry.key);
}

std::string_view ModeOf(ModeClass mode) {
  switch (mode) {
    case ModeClass::kReadOnly:
      return "read-only";
    case ModeClass::kWorkspaceWrite:
      return "workspace-write";
    case ModeClass::kFullAccess:
      return "danger-full-access";
  }
  return "danger-full-access";
}

std::string Join(const std::vector<std::string>& words) {
  std::string joined;
  for (const std::string& word : words) joined += (joined.empty() ? "" : ", ") + word;
  return joined;
}

/// Takes every write access and the network away. A built-in becomes `:read-only`; anything else
/// keeps its reads and denies, so that nothing it closed is opened.
Result<> MakeReadOnly(Profile& profile) {
  if (IsBuiltin(profile.name)) {
    const std::string name(kReadOnly);
    AMBIT_TRY(profile, ReadProfile(name, *BuiltinTable(name), SourceRef{kBuiltinFile, 0, 0}));
    return {};
  }
  for (PathEntry& entry : profile.filesystem) {
    if (entry.access == AccessWord::kWrite) entry.access = AccessWord::kRead;
  }
  profile.network.enabled.reset();
  return {};
}

/// The value at a dotted key such as "network.publish", or null.
const Node* FindDotted(const Node& table, std::string_view key) {
  const Node* node = &table;
  while (node) {
    const std::size_t dot = key.find('.');
    node = node->Find(key.substr(0, dot));
    if (dot == std::string_view::npos) break;
    key.remove_prefix(dot + 1);
  }
  return node;
}

Result<> CheckForbidden(const Requirements& requirements, const Choice& choice,
                        const Node& merged) {
  for (const auto& key : requirements.forbidden_keys) {
    const Node* const used = FindDotted(merged, key.value);
    if (!used) continue;
    return Fail(ErrorCode::kDenied,
                "profile '" + Printable(choice.name) + "' uses '" + key.value +
                    "', which the administrator's requirements forbid (" + ToString(key.from) +
                    "); leave it out",
                used->where.Ref());
  }
  return {};
}

Result<> CheckMode(const Requirements& requirements, const Choice& choice, Profile& profile,
                   std::vector<Notice>& notices) {
  if (!requirements.allowed_modes) return {};
  const std::vector<std::string>& allowed = requirements.allowed_modes->value;
  const std::string_view mode = ModeOf(ClassOf(profile));
  if (std::ranges::find(allowed, mode) != allowed.end()) return {};
  const std::string problem = "profile '" + Printable(choice.name) + "' counts as \"" +
                              std::string(mode) +
                              "\", which the administrator's requirements do not allow (" +
                              ToString(requirements.allowed_modes->from) + ")";
  if (choice.explicitly) {
    return Fail(ErrorCode::kDenied, problem + "; allowed: " + Join(allowed), choice.from);
  }
  notices.push_back({problem + "; the command runs read-only", choice.from});
  return MakeReadOnly(profile);
}

}  // namespace

ModeClass ClassOf(const Profile& profile) {
  if (profile.unrestricted) return ModeClass::kFullAccess;
  ModeClass mode = ModeClass::kReadOnly;
  for (const PathEntry& entry : profile.filesystem) {
    if (!GivesWrite(entry)) continue;
    if (!IsWorkspaceOrTemp(entry.key)) return ModeClass::kFullAccess;
    mode = ModeClass::kWorkspaceWrite;
  }
  return mode;
}

bool IsFullAccess(const Profile& profile) {
  if (profile.unrestricted) return true;
  bool whole_disk = false;
  for (const PathEntry& entry : profile.filesystem) {
    if (entry.access != AccessWord::kWrite) {
      // Reading :minimal and unknown names narrows nothing.
      const bool narrows = entry.access == AccessWord::kDeny || !entry.key.starts_with(':') ||
                           IsWorkspaceOrTemp(entry.key) || entry.key == ":root";
      if (narrows) return false;
    } else if (IsDiskRoot(entry)) {
      whole_disk = true;
    }
  }
  return whole_disk;
}

Result<> Bind(const Requirements& requirements, const Choice& choice, const Node& merged,
              Profile& profile, std::vector<Notice>& notices) {
  AMBIT_CHECK(CheckForbidden(requirements, choice, merged));
  AMBIT_CHECK(CheckMode(requirements, choice, profile, notices));
  if (requirements.deny_read.empty() || !IsFullAccess(profile)) return {};
  notices.push_back({"profile '" + Printable(choice.name) +
                         "' gives full access, which is not possible beside the administrator's "
                         "deny_read (" +
                         ToString(requirements.deny_read.front().from) +
                         "); the command runs read-only",
                     choice.from});
  return MakeReadOnly(profile);
}

}  // namespace ambit::config
