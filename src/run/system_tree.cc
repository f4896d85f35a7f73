#include "run/system_tree.h"

#include <algorithm>
#include <cerrno>
#include <string>

#include "os/file_calls.h"
#include "os/mount_calls.h"

namespace ambit::run {
namespace {

constexpr std::string_view kTree = "/usr/";
constexpr std::string_view kMayBeMerged[] = {"/bin/",   "/lib/",    "/lib32/",
                                             "/lib64/", "/libx32/", "/sbin/"};

/// Whether the directory `name`, with slashes, is a link to the one of that name in the tree.
bool LeadsIntoTree(std::string_view name) {
  const std::string link(name.substr(0, name.size() - 1));
  char target[32];
  const int length = os::ReadLinkAt(os::kCwd, link.c_str(), target, sizeof target);
  if (length < 0) return false;
  const std::string_view text(target, static_cast<std::size_t>(length));
  return text == "usr" + link || text == "/usr" + link;
}

}  // namespace

SystemTree::SystemTree(const Gate& gate) {
  if (!gate.IsOpenBelow("/usr")) return;
  place_.Reset(os::OpenDirectoryPath(os::kCwd, "/usr"));
  if (!place_.valid()) return;
  for (const std::string_view name : kMayBeMerged) {
    const std::string_view link = name.substr(0, name.size() - 1);
    // A link that the command can change may lead elsewhere tomorrow.
    if (!gate.IsOpenBelow(link) || gate.IsMediated(link)) continue;
    if (LeadsIntoTree(name)) merged_.push_back(name);
  }
}

int SystemTree::Open(const char* path, std::uint32_t flags) const {
  if (!place_.valid()) return -EXDEV;
  const std::string_view text(path);
  const char* below = nullptr;
  if (text.starts_with(kTree)) {
    below = path + kTree.size();
  } else if (std::ranges::any_of(merged_, [text](auto name) { return text.starts_with(name); })) {
    below = path;
  } else {
    return -EXDEV;
  }
  while (*below == '/') ++below;
  return os::OpenWithin(place_.get(), *below == '\0' ? "." : below, flags);
}

}  // namespace ambit::run
