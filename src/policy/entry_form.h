#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "config/profile.h"

namespace ambit::policy {

/// What the key of an entry stands on.
enum class EntryBase : std::uint8_t {
  kRoot,
  kMinimal,
  kWorkspaceRoots,
  kTmpdir,
  kSlashTmp,
  kPath,     ///< Absolute or home-relative.
  kUnknown,  ///< A `:name` of a later version; only grants may have it, and they mean nothing.
};

/// An entry taken apart. Only text so far: no name is expanded, no file looked at.
struct EntryForm {
  EntryBase base = EntryBase::kUnknown;
  std::string path;     ///< For kPath: the base as written, without a pattern.
  std::string below;    ///< Plain path below the base; "" for the base itself.
  std::string pattern;  ///< Deny pattern below that; "" for none.
};

/// Takes one entry apart. Errors (kInvalidConfig, with the entry's place): a key, a subpath or a
/// pattern that no profile may have, a pattern that grants, `deny` where it would be lost.
Result<EntryForm> ParseEntry(const config::PathEntry& entry, std::string_view profile);

/// The same for one string of `deny_read`: absolute or home-relative, a pattern or not.
Result<EntryForm> ParseManagedDeny(std::string_view text, const SourceRef& from);

/// An absolute or home-relative path, folded. Errors: kInvalidConfig when "~" is used and `home` is
/// not an absolute path.
Result<std::string> ExpandHome(std::string_view path, std::string_view home, const SourceRef& from);

/// The entry for messages: its key, and after a "/" its subpath.
std::string GivenText(const config::PathEntry& entry);

}  // namespace ambit::policy
