#include "config/layer_check.h"

#include <algorithm>
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

void NoticeMisspelt(const Node& root, std::vector<Notice>& notices) {
  for (const Member& member : root.members) {
    if (std::ranges::find(kOurKeys, std::string_view(member.key)) != std::end(kOurKeys)) continue;
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
    NormaliseProfiles(*permissions);
  }
  NoticeMisspelt(root, notices);
  return {};
}

}  // namespace ambit::config
