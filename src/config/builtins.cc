#include "config/builtins.h"

#include <algorithm>
#include <initializer_list>
#include <utility>

namespace ambit::config {
namespace {

using Words = std::initializer_list<std::pair<std::string_view, std::string_view>>;

Node Table(const Place& place, Words words) {
  Node table = TableNode(place);
  for (const auto& [key, word] : words) {
    table.Set(std::string(key), place, StringNode(std::string(word), place));
  }
  return table;
}

}  // namespace

bool IsBuiltin(std::string_view name) {
  return std::ranges::find(kBuiltinNames, name) != std::end(kBuiltinNames);
}

std::optional<Node> BuiltinTable(std::string_view name) {
  if (!IsBuiltin(name)) return std::nullopt;
  const Place place = NamedPlace(kBuiltinFile);
  Node profile = TableNode(place);
  if (name == kReadOnly) {
    profile.Set("filesystem", place, Table(place, {{":root", "read"}}));
  } else if (name == kWorkspace) {
    Node files = Table(place, {{":root", "read"}, {":slash_tmp", "write"}, {":tmpdir", "write"}});
    files.Set(
        ":workspace_roots", place,
        Table(place, {{".", "write"}, {".git", "read"}, {".agents", "read"}, {".codex", "read"}}));
    profile.Set("filesystem", place, std::move(files));
  } else {
    profile.Set("filesystem", place, Table(place, {{":root", "write"}}));
    Node network = TableNode(place);
    network.Set("enabled", place, BooleanNode(true, place));
    profile.Set("network", place, std::move(network));
  }
  return profile;
}

}  // namespace ambit::config
