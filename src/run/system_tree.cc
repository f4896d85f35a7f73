#include "run/system_tree.h"

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <string_view>

#include "base/path_text.h"
#include "os/file_calls.h"
#include "os/mount_calls.h"

namespace ambit::run {
namespace {

constexpr const char* kTree = "/usr";

/// Whether `link` leads to what has its name in the tree.
bool LeadsIntoTree(const char* link) {
  char target[32];
  const int length = os::ReadLinkAt(os::kCwd, link, target, sizeof target);
  if (length < 0) return false;
  std::string_view text(target, static_cast<std::size_t>(length));
  if (text.starts_with('/')) text.remove_prefix(1);
  return text.starts_with("usr") && text.substr(3) == link;
}

}  // namespace

SystemTree::SystemTree(const Gate& gate) {
  if (!gate.IsOpenBelow(kTree)) return;
  place_.Reset(os::OpenDirectoryPath(os::kCwd, kTree));
  for (std::size_t i = 0; i < merged_.size(); ++i) {
    const char* const link = kMayBeMerged[i];
    // A link that the command can change may lead elsewhere tomorrow.
    merged_[i] = gate.IsOpenBelow(link) && !gate.IsMediated(link) && LeadsIntoTree(link);
  }
}

/// The part of `path` below the tree, with slashes before it; null when it is not there.
const char* SystemTree::InTree(const char* path) const {
  const std::string_view text(path);
  const auto is_below = [text](std::string_view directory) {
    return text != directory && IsAtOrBelow(text, directory);
  };
  if (is_below(kTree)) return path + std::strlen(kTree);
  for (std::size_t i = 0; i < merged_.size(); ++i) {
    if (merged_[i] && is_below(kMayBeMerged[i])) return path;
  }
  return nullptr;
}

int SystemTree::Open(const char* path, std::uint32_t flags) const {
  const char* below = place_.valid() ? InTree(path) : nullptr;
  if (below == nullptr) return -EXDEV;
  while (*below == '/') ++below;
  return os::OpenWithin(place_.get(), *below == '\0' ? "." : below, flags);
}

}  // namespace ambit::run
