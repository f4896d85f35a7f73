#include "config/requirements_reader.h"

#include <algorithm>
#include <utility>

#include "base/path_text.h"
#include "config/builtins.h"
#include "config/host_mode.h"
#include "config/managed_network.h"
#include "config/profile_reader.h"
#include "config/table_reader.h"

namespace ambit::config {
namespace {

constexpr std::string_view kOurKeys[] = {
    "allowed_permission_profiles",
    "default_permissions",
    "permissions",
    "network_proxy",
    "experimental_network",
    "allowed_sandbox_modes",
    "remote_sandbox_config",
    "forbidden_keys",
    "require_engine",
    "require_proof",
};

/// Requirements of the format that concern an agent's session and not its sandbox.
constexpr std::string_view kSessionKeys[] = {
    "allowed_approval_policies",
    "allowed_approvals_reviewers",
    "allowed_web_search_modes",
    "allow_managed_hooks_only",
    "apps",
    "enforce_residency",
    "feature_requirements",
    "features",
    "guardian_policy_config",
    "hooks",
    "marketplaces",
    "mcp_servers",
    "plugins",
    "rules",
};

/// Keys that a profile may be forbidden to use.
constexpr std::string_view kForbiddableKeys[] = {
    "filesystem.deny_mode",
    "environment.inherit",
    "environment.exclude",
    "environment.default_excludes",
    "environment.include",
    "environment.set",
    "limits.processes",
    "limits.open_files",
    "limits.file_size",
    "limits.cpu_seconds",
    "network.default_ports",
    "network.allow_broad_wildcards",
    "network.require_sni_match",
    "network.limited",
    "network.limited.allow_bodies",
    "network.limited.max_target_bytes",
    "network.strict_hooks",
    "network.mitm.exclude",
    "network.upstream",
    "network.upstream.resolve",
    "network.capture",
    "network.publish",
    "network.unix_sockets",
    "network.credentials",
    "tests",
};

Result<> CheckTopLevel(const TableReader& reader, std::vector<Notice>& notices) {
  for (const Member& member : reader.node().members) {
    if (std::ranges::find(kOurKeys, std::string_view(member.key)) != std::end(kOurKeys)) continue;
    if (std::ranges::find(kSessionKeys, std::string_view(member.key)) != std::end(kSessionKeys)) {
      notices.push_back({"requirement '" + member.key +
                             "' is about an agent's session, not its sandbox; ambit leaves it to "
                             "the agent",
                         member.key_place.Ref()});
      continue;
    }
    return Fail(ErrorCode::kInvalidConfig,
                "unknown key '" + Printable(member.key) + "' in the requirements" +
                    Suggestion(member.key, kOurKeys,
                               "; correct it or take it out, nothing is run "
                               "under rules ambit does not know"),
                member.key_place.Ref());
  }
  return {};
}

Result<> ReadAllowList(const TableReader& reader, Requirements& requirements) {
  AMBIT_TRY(const auto table, reader.Table("allowed_permission_profiles"));
  if (!table) return {};
  Placed<std::map<std::string, Placed<bool>>> list;
  list.from = reader.node().FindMember("allowed_permission_profiles")->key_place.Ref();
  for (const Member& member : table->node().members) {
    AMBIT_TRY(const bool allowed, ReadBoolean(member.value, table->Name(member.key)));
    list.value.emplace(member.key, Placed<bool>{allowed, member.key_place.Ref()});
  }
  requirements.allowed_profiles = std::move(list);
  return {};
}

Result<> CheckDenyForm(const Placed<std::string>& deny) {
  const std::string& text = deny.value;
  const bool anchored = text.starts_with('/') || text == "~" || text.starts_with("~/");
  if (anchored && text.find('\0') == std::string::npos) return {};
  return Fail(ErrorCode::kInvalidConfig,
              "'" + Printable(text) +
                  "' in 'deny_read' must be an absolute path or begin with \"~/\"; anything else "
                  "would deny nothing",
              deny.from);
}

Result<> ReadDenyRead(const TableReader& filesystem, Requirements& requirements) {
  static constexpr std::string_view kKeys[] = {"deny_read"};
  for (const Member& member : filesystem.node().members) {
    if (member.key == "deny_read") continue;
    return Fail(ErrorCode::kInvalidConfig,
                "unknown key " + filesystem.Name(member.key) +
                    Suggestion(member.key, kKeys,
                               ": in requirements this table holds 'deny_read' only; a managed "
                               "profile needs another name"),
                member.key_place.Ref());
  }
  AMBIT_TRY(auto denies, filesystem.Strings("deny_read"));
  for (auto& deny : denies) {
    AMBIT_CHECK(CheckDenyForm(deny));
    requirements.deny_read.push_back({std::move(deny.value), std::move(deny.from)});
  }
  return {};
}

/// `permissions` holds managed profiles beside two tables of its own.
Result<> ReadPermissions(Node& root, Requirements& requirements, std::vector<Notice>& notices) {
  Node* const permissions = root.Find("permissions");
  if (!permissions) return {};
  const TableReader reader(*permissions, "permissions");
  AMBIT_TRY(const auto filesystem, reader.Table("filesystem"));
  if (filesystem) AMBIT_CHECK(ReadDenyRead(*filesystem, requirements));
  permissions->Erase("filesystem");
  permissions->Erase("network");
  AMBIT_CHECK(CheckProfiles(*permissions));
  NormaliseProfiles(*permissions, notices);
  requirements.profiles = std::move(*permissions);
  return {};
}

Result<> ReadOwnKeys(const TableReader& reader, Requirements& requirements) {
  static constexpr std::string_view kEngines[] = {"native", "landlock", "bubblewrap"};
  AMBIT_TRY(const auto forbidden, reader.List("forbidden_keys"));
  for (const Node& item : forbidden) {
    if (!item.Is(NodeKind::kString)) {
      return WrongType(reader.Name("forbidden_keys"), "a list of strings", item);
    }
    if (std::ranges::find(kForbiddableKeys, std::string_view(item.text)) ==
        std::end(kForbiddableKeys)) {
      return Fail(ErrorCode::kInvalidConfig,
                  "'" + Printable(item.text) +
                      "' in 'forbidden_keys' is not a key that can be forbidden" +
                      Suggestion(item.text, kForbiddableKeys,
                                 "; write it as \"table.key\", such as \"network.publish\""),
                  item.where.Ref());
    }
    requirements.forbidden_keys.push_back({item.text, item.where.Ref()});
  }
  AMBIT_TRY(const auto engines, reader.List("require_engine"));
  if (const Node* const list = reader.node().Find("require_engine")) {
    Placed<std::vector<std::string>> required{{}, list->where.Ref()};
    for (const Node& item : engines) {
      AMBIT_TRY(required.value.emplace_back(),
                ReadWord(item, "an engine in 'require_engine'", kEngines));
    }
    requirements.require_engine = std::move(required);
  }
  AMBIT_TRY(const auto proof, reader.Boolean("require_proof"));
  requirements.require_proof = proof && proof->value;
  return {};
}

}  // namespace

Result<Requirements> ReadRequirementKeys(Node root, const std::string& host_name,
                                         std::vector<Notice>& notices) {
  const TableReader reader(root, "");
  Requirements requirements;
  AMBIT_CHECK(CheckTopLevel(reader, notices));
  AMBIT_CHECK(ReadAllowList(reader, requirements));
  AMBIT_TRY(requirements.default_profile, reader.String("default_permissions"));
  AMBIT_TRY(requirements.allowed_modes, ReadAllowedModes(reader, host_name));
  AMBIT_CHECK(reader.Table("permissions"));
  AMBIT_TRY(requirements.network, ReadManagedNetwork(reader));
  AMBIT_CHECK(ReadOwnKeys(reader, requirements));
  AMBIT_CHECK(ReadPermissions(root, requirements, notices));
  return requirements;
}

Result<Requirements> ReadRequirements(Node root, const std::string& host_name,
                                      std::vector<Notice>& notices) {
  AMBIT_TRY(Requirements requirements, ReadRequirementKeys(std::move(root), host_name, notices));
  AMBIT_CHECK(CheckConsistent(requirements));
  return requirements;
}

Result<> CheckConsistent(const Requirements& requirements) {
  const auto& list = requirements.allowed_profiles;
  const auto& name = requirements.default_profile;
  if (!list) {
    if (!name) return {};
    return Fail(ErrorCode::kInvalidConfig,
                "'default_permissions' in the requirements needs "
                "[allowed_permission_profiles] beside it",
                name->from);
  }
  if (!name) {
    if (requirements.Allows(std::string(kWorkspace)) &&
        requirements.Allows(std::string(kReadOnly))) {
      return {};
    }
    return Fail(ErrorCode::kInvalidConfig,
                "'default_permissions' is missing in the requirements; it may be left out only "
                "where [allowed_permission_profiles] sets both ':workspace' and ':read-only' to "
                "true",
                list->from);
  }
  if (requirements.Allows(name->value)) return {};
  return Fail(ErrorCode::kInvalidConfig,
              "'" + Printable(name->value) +
                  "' is the required default, but [allowed_permission_profiles] does not set it "
                  "to true; allowed: " +
                  requirements.AllowedNames(),
              name->from);
}

}  // namespace ambit::config
