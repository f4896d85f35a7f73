#include "config/layer_check.h"

#include <algorithm>
#include <span>
#include <string>

#include "base/path_text.h"
#include "config/older_settings.h"
#include "config/profile_reader.h"
#include "config/table_reader.h"
#include "config/trust.h"

namespace ambit::config {
namespace {

constexpr std::string_view kOurKeys[] = {"default_permissions", "permissions", "projects",
                                         "sandbox_mode", "sandbox_workspace_write"};

/// Keys that bind others, and so are nothing for a configuration file.
constexpr std::string_view kRequirementKeys[] = {"allowed_permission_profiles",
                                                 "allowed_sandbox_modes",
                                                 "remote_sandbox_config",
                                                 "forbidden_keys",
                                                 "require_engine",
                                                 "require_proof"};

bool IsIn(std::span<const std::string_view> keys, std::string_view key) {
  return std::ranges::find(keys, key) != keys.end();
}

void NoticeMisspelt(const Node& root, std::vector<Notice>& notices) {
  for (const Member& member : root.members) {
    if (IsIn(kOurKeys, member.key)) continue;
    if (IsIn(kRequirementKeys, member.key)) {
      notices.push_back({"'" + member.key +
                             "' demands nothing here: it belongs in a requirements file, such as " +
                             kRequirementsPath,
                         member.key_place.Ref()});
      continue;
    }
    const std::string hint = Suggestion(member.key, kOurKeys, "");
    if (hint.empty()) continue;
    notices.push_back({"unknown top-level key '" + Printable(member.key) + "' is ignored" + hint,
                       member.key_place.Ref()});
  }
}

}  // namespace

Result<> CheckLayer(Node& root, std::vector<Notice>& notices) {
  const TableReader reader(root, "");
  AMBIT_CHECK(reader.String("default_permissions"));
  AMBIT_CHECK(reader.Word("sandbox_mode", kSandboxModes));
  AMBIT_TRY(const auto older, reader.Table("sandbox_workspace_write"));
  if (older) AMBIT_CHECK(ReadOlderTable(older->node()));
  AMBIT_TRY(const auto projects, reader.Table("projects"));
  if (projects) AMBIT_CHECK(CheckProjects(projects->node()));
  AMBIT_CHECK(reader.Table("permissions"));
  if (Node* const permissions = root.Find("permissions")) {
    AMBIT_CHECK(CheckProfiles(*permissions));
    NormaliseProfiles(*permissions, notices);
  }
  NoticeMisspelt(root, notices);
  return {};
}

}  // namespace ambit::config
