#include "config/older_settings.h"

#include <utility>

#include "base/path_text.h"
#include "config/builtins.h"
#include "config/table_reader.h"

namespace ambit::config {
namespace {

bool IsAbsoluteOrHome(std::string_view path) {
  return (path.starts_with('/') || path == "~" || path.starts_with("~/")) &&
         path.find('\0') == std::string_view::npos;
}

/// The place of `ref`, for nodes that are made up from a setting.
Place PlaceOf(const SourceRef& ref) {
  Place place = NamedPlace(ref.file);
  place.line = ref.line;
  place.column = ref.column;
  return place;
}

bool IsOn(const std::optional<Placed<bool>>& setting) { return setting && setting->value; }

}  // namespace

Result<OlderTable> ReadOlderTable(const Node& table) {
  static constexpr std::string_view kKeys[] = {"writable_roots", "network_access",
                                               "exclude_tmpdir_env_var", "exclude_slash_tmp"};
  const TableReader reader(table, "sandbox_workspace_write");
  AMBIT_CHECK(reader.RefuseUnknown(kKeys));
  OlderTable older;
  AMBIT_TRY(older.writable_roots, reader.Strings("writable_roots"));
  for (const auto& root : older.writable_roots) {
    if (IsAbsoluteOrHome(root.value)) continue;
    return Fail(ErrorCode::kInvalidConfig,
                "'" + Printable(root.value) + "' in " + reader.Name("writable_roots") +
                    " must be an absolute path or begin with \"~/\"",
                root.from);
  }
  AMBIT_TRY(older.network_access, reader.Boolean("network_access"));
  AMBIT_TRY(older.exclude_tmpdir, reader.Boolean("exclude_tmpdir_env_var"));
  AMBIT_TRY(older.exclude_slash_tmp, reader.Boolean("exclude_slash_tmp"));
  return older;
}

std::string_view BuiltinOfMode(std::string_view mode) {
  if (mode == "workspace-write") return kWorkspace;
  if (mode == "danger-full-access") return kFullAccess;
  return kReadOnly;
}

Node ShapeWorkspace(Node workspace, const OlderTable& older) {
  if (!older.writable_roots.empty()) {
    Node roots = TableNode(PlaceOf(older.writable_roots.front().from));
    for (const auto& root : older.writable_roots) {
      const Place place = PlaceOf(root.from);
      roots.Set(root.value, place, BooleanNode(true, place));
    }
    Place place = roots.where;
    workspace.Set("workspace_roots", std::move(place), std::move(roots));
  }
  if (IsOn(older.network_access)) {
    const Place place = PlaceOf(older.network_access->from);
    Node network = TableNode(place);
    network.Set("enabled", place, BooleanNode(true, place));
    workspace.Set("network", place, std::move(network));
  }
  if (Node* const files = workspace.Find("filesystem")) {
    if (IsOn(older.exclude_tmpdir)) files->Erase(":tmpdir");
    if (IsOn(older.exclude_slash_tmp)) files->Erase(":slash_tmp");
  }
  return workspace;
}

}  // namespace ambit::config
