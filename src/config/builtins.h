#pragma once

#include <optional>
#include <string_view>

#include "config/node.h"

namespace ambit::config {

inline constexpr std::string_view kReadOnly = ":read-only";
inline constexpr std::string_view kWorkspace = ":workspace";
inline constexpr std::string_view kFullAccess = ":danger-full-access";
inline constexpr std::string_view kBuiltinNames[] = {kReadOnly, kWorkspace, kFullAccess};

/// What `SourceRef::file` says for everything that comes from a built-in profile.
inline constexpr const char* kBuiltinFile = "<built-in>";

[[nodiscard]] bool IsBuiltin(std::string_view name);

/// The table of a built-in profile, in the form of `[permissions.<name>]`; nothing for other
/// names. `:danger-full-access` is whole-disk write with the network on; that it means no sandbox
/// at all is said by Profile::unrestricted.
std::optional<Node> BuiltinTable(std::string_view name);

}  // namespace ambit::config
