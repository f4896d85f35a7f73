#include "config/host_mode.h"

#include <algorithm>
#include <utility>

#include "base/ascii.h"

namespace ambit::config {
namespace {

std::string Fold(std::string_view name) {
  if (name.ends_with('.')) name.remove_suffix(1);
  return Lowered(name);
}

Result<std::optional<Placed<std::vector<std::string>>>> ReadModes(const TableReader& table) {
  static constexpr std::string_view kModes[] = {"read-only", "workspace-write",
                                                "danger-full-access", "external-sandbox"};
  const Node* const node = table.node().Find("allowed_sandbox_modes");
  if (!node) return std::nullopt;
  AMBIT_TRY(const auto items, table.List("allowed_sandbox_modes"));
  Placed<std::vector<std::string>> modes{{}, node->where.Ref()};
  for (const Node& item : items) {
    AMBIT_TRY(modes.value.emplace_back(),
              ReadWord(item, "a mode in " + table.Name("allowed_sandbox_modes"), kModes));
  }
  if (std::ranges::find(modes.value, "read-only") == modes.value.end()) {
    return Fail(ErrorCode::kInvalidConfig,
                table.Name("allowed_sandbox_modes") + " must contain \"read-only\"", modes.from);
  }
  return modes;
}

}  // namespace

bool HostFits(std::string_view pattern, std::string_view name) {
  const std::string p = Fold(pattern);
  const std::string n = Fold(name);
  std::size_t at = 0, in = 0;
  std::size_t star = std::string::npos, retry = 0;
  while (in < n.size()) {
    if (at < p.size() && (p[at] == '?' || p[at] == n[in]) && p[at] != '*') {
      ++at, ++in;
    } else if (at < p.size() && p[at] == '*') {
      star = at++;
      retry = in;
    } else if (star != std::string::npos) {
      at = star + 1;
      in = ++retry;
    } else {
      return false;
    }
  }
  while (at < p.size() && p[at] == '*') ++at;
  return at == p.size();
}

Result<std::optional<Placed<std::vector<std::string>>>> ReadAllowedModes(
    const TableReader& requirements, const std::string& host_name) {
  static constexpr std::string_view kKeys[] = {"hostname_patterns", "allowed_sandbox_modes"};
  AMBIT_TRY(auto chosen, ReadModes(requirements));
  AMBIT_TRY(const auto entries, requirements.List("remote_sandbox_config"));
  bool found = false;
  for (const Node& entry : entries) {
    if (!entry.Is(NodeKind::kTable)) {
      return WrongType(requirements.Name("remote_sandbox_config"), "a list of tables", entry);
    }
    const TableReader table(entry, "remote_sandbox_config");
    AMBIT_CHECK(table.RefuseUnknown(kKeys));
    for (const std::string_view key : kKeys) {
      if (entry.Find(key)) continue;
      return Fail(
          ErrorCode::kInvalidConfig,
          "'" + std::string(key) + "' is missing in an entry of [[remote_sandbox_config]]; add it",
          entry.where.Ref());
    }
    AMBIT_TRY(const auto patterns, table.Strings("hostname_patterns"));
    AMBIT_TRY(auto modes, ReadModes(table));
    const bool fits = std::ranges::any_of(
        patterns, [&](const auto& pattern) { return HostFits(pattern.value, host_name); });
    if (fits && !found) {
      chosen = std::move(modes);
      found = true;
    }
  }
  return chosen;
}

}  // namespace ambit::config
