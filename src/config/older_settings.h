#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "config/node.h"
#include "config/profile.h"

namespace ambit::config {

/// The words of `sandbox_mode`.
inline constexpr std::string_view kSandboxModes[] = {"read-only", "workspace-write",
                                                     "danger-full-access"};

/// `[sandbox_workspace_write]`: how `sandbox_mode = "workspace-write"` changes `:workspace`.
struct OlderTable {
  std::vector<Placed<std::string>> writable_roots;  ///< Absolute or "~/…".
  std::optional<Placed<bool>> network_access, exclude_tmpdir, exclude_slash_tmp;
};

/// Reads `[sandbox_workspace_write]` of a layer. Unknown keys are refused.
Result<OlderTable> ReadOlderTable(const Node& table);

/// The built-in profile that `sandbox_mode = mode` amounts to.
std::string_view BuiltinOfMode(std::string_view mode);

/// `workspace`, the table of `:workspace`, as `older` changes it.
Node ShapeWorkspace(Node workspace, const OlderTable& older);

}  // namespace ambit::config
