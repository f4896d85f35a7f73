#include "plan_linux/mount_aliases.h"

#include "base/path_text.h"

namespace ambit::plan_linux {

MountAliases::MountAliases(const std::vector<MountPoint>& mounts) : mounts_(mounts) {
  std::map<std::uint32_t, const MountPoint*> by_id;
  for (const MountPoint& mount : mounts_) {
    by_parent_[{mount.parent, mount.path}] = &mount;
    by_id[mount.id] = &mount;
    ++mounts_of_[mount.dev];
  }
  for (const MountPoint& mount : mounts_) {
    // The root's parent is outside the namespace, or is the mount itself.
    if (mount.path == "/" && (!by_id.contains(mount.parent) || mount.parent == mount.id)) {
      root_ = TopmostAt(&mount, "/");
      break;
    }
  }
}

const MountPoint* MountAliases::TopmostAt(const MountPoint* on, std::string_view path) const {
  for (;;) {
    const auto next = by_parent_.find({on->id, path});
    if (next == by_parent_.end() || next->second == on) return on;
    on = next->second;
  }
}

const MountPoint* MountAliases::MountOf(std::string_view path) const {
  const MountPoint* mount = root_;
  for (std::size_t end = path.find('/', 1); mount != nullptr; end = path.find('/', end + 1)) {
    mount = TopmostAt(mount, path.substr(0, end));
    if (end == std::string_view::npos) break;
  }
  return mount;
}

std::vector<Alias> MountAliases::Of(std::string_view path) const {
  const MountPoint* const home = MountOf(path);
  if (home == nullptr || mounts_of_.at(home->dev) == 1) return {};
  const std::string inside = JoinPath(home->fs_root, RelativeTo(path, home->path));
  std::vector<Alias> out;
  for (const MountPoint& mount : mounts_) {
    if (mount.dev != home->dev || &mount == home) continue;
    std::string where;
    std::string part;
    if (IsAtOrBelow(inside, mount.fs_root)) {
      where = JoinPath(mount.path, RelativeTo(inside, mount.fs_root));
    } else if (IsAtOrBelow(mount.fs_root, inside)) {
      where = mount.path;
      part = std::string(RelativeTo(mount.fs_root, inside));
    } else {
      continue;
    }
    // A mount that another one covers shows nothing.
    if (MountOf(where) != &mount || where == path) continue;
    out.push_back({std::move(where), std::move(part)});
  }
  return out;
}

}  // namespace ambit::plan_linux
