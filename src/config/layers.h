#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/file_view.h"
#include "base/result.h"
#include "config/config.h"
#include "config/node.h"
#include "config/problems.h"

namespace ambit::config {

/// Lowest precedence first.
enum class LayerKind : std::uint8_t {
  kSystem,
  kUser,
  kConfigProfile,
  kProject,
  kCommandLine,
  kCheckedFile,  ///< Named to `ambit check`.
  kManaged,
};

/// One configuration text, parsed and checked as a whole.
struct Layer {
  LayerKind kind = LayerKind::kSystem;
  Node root;
  bool from_command_line = false;  ///< Managed: named with --managed-config.
};

/// The user's layer, in the directory that ConfigHome names.
inline constexpr std::string_view kUserFile = "config.toml";

/// The most a configuration or requirements file may hold, in bytes.
inline constexpr std::size_t kMaxFileSize = 16U << 20U;

/// Reads, parses and checks every enabled layer, lowest precedence first. Project files count only
/// where a layer that is not itself a project file trusts their project; the others are not even
/// read, and named in `notices`. Errors: kInvalidConfig for anything wrong in any layer, and
/// what FileView reports. With `problems` whatever is wrong is put there and left out.
Result<std::vector<Layer>> LoadLayers(const Sources& sources, const FileView& files,
                                      std::vector<Notice>& notices, Problems* problems = nullptr);

/// The directory of the user's files; nothing when there is no home to look in.
Result<std::optional<std::string>> ConfigHome(const Sources& sources);

/// The text of the file at `path`; nothing when it is missing and need not be there.
Result<std::optional<std::string>> ReadOptionalFile(const FileView& files, const std::string& path,
                                                    bool must_exist);

/// Refuses a file or directory of the administrator that somebody else could write: it must belong
/// to root and not be writable by its group or others. Links are followed; a missing one passes.
Result<> CheckRootOwned(const FileView& files, const std::string& path);

}  // namespace ambit::config
