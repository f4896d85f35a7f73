#include "os/probe.h"

#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <iterator>
#include <optional>
#include <string_view>

#include "base/path_text.h"
#include "os/disk_view.h"
#include "os/landlock_calls.h"

namespace ambit::os {
namespace {

constexpr std::size_t kMountinfoLimit = 64U << 20;

/// mountinfo writes space, tab, newline and backslash as three octal digits.
std::string Unescape(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 3 < text.size()) {
      const int value = (text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 + (text[i + 3] - '0');
      out += static_cast<char>(value);
      i += 3;
    } else {
      out += text[i];
    }
  }
  return out;
}

std::string_view NextField(std::string_view& line) {
  const std::size_t end = line.find(' ');
  const std::string_view field = line.substr(0, end);
  line.remove_prefix(end == std::string_view::npos ? line.size() : end + 1);
  return field;
}

template <class T>
bool ParseNumber(std::string_view text, T& out) {
  const auto result = std::from_chars(text.data(), text.data() + text.size(), out);
  return result.ec == std::errc() && result.ptr == text.data() + text.size();
}

std::optional<MountPoint> ParseMount(std::string_view line) {
  MountPoint mount;
  if (!ParseNumber(NextField(line), mount.id)) return std::nullopt;
  if (!ParseNumber(NextField(line), mount.parent)) return std::nullopt;
  const std::string_view device = NextField(line);
  const std::size_t colon = device.find(':');
  std::uint32_t major = 0;
  std::uint32_t minor = 0;
  if (colon == std::string_view::npos || !ParseNumber(device.substr(0, colon), major) ||
      !ParseNumber(device.substr(colon + 1), minor)) {
    return std::nullopt;
  }
  mount.dev = DeviceNumber(major, minor);
  mount.fs_root = Unescape(NextField(line));
  mount.path = Unescape(NextField(line));
  const std::size_t separator = line.find(" - ");
  if (separator == std::string_view::npos) return std::nullopt;
  line.remove_prefix(separator + 3);
  mount.fs_type = std::string(NextField(line));
  return mount;
}

/// Filesystems whose files are the kernel's own (proc(5), sysfs(5), cgroups(7) and their like).
bool IsKernelType(std::string_view type) {
  constexpr std::string_view kTypes[] = {
      "proc",     "sysfs",  "devtmpfs",   "devpts",   "securityfs",  "debugfs",
      "tracefs",  "cgroup", "cgroup2",    "configfs", "binfmt_misc", "bpf",
      "efivarfs", "pstore", "mqueue",     "fusectl",  "selinuxfs",   "smackfs",
      "resctrl",  "nfsd",   "rpc_pipefs", "xenfs"};
  return std::ranges::find(kTypes, type) != std::end(kTypes);
}

/// Devices that nobody minds, mounted over a file to make it look empty.
bool IsHarmlessDevice(const MountPoint& mount) {
  return mount.fs_type == "devtmpfs" && ParentPath(mount.fs_root) == "/" &&
         std::ranges::find(kHarmlessDevices, BaseName(mount.fs_root)) != std::end(kHarmlessDevices);
}

/// Adds the mount to the kernel's places when it is one and what its path shows.
void NoteKernelPlace(const MountPoint& mount, HostFacts& host) {
  if (!IsKernelType(mount.fs_type) || IsHarmlessDevice(mount)) return;
  for (const char* usual : {"/proc", "/sys", "/dev"}) {
    if (IsAtOrBelow(mount.path, usual)) return;
  }
  struct stat st {};
  if (::lstat(mount.path.c_str(), &st) < 0) return;  // who cannot see it cannot use it
  const std::uint64_t dev = DeviceNumber(major(st.st_dev), minor(st.st_dev));
  if (dev == mount.dev) host.kernel_places.push_back({mount.path, S_ISDIR(st.st_mode)});
}

}  // namespace

Result<HostFacts> ProbeHost() {
  HostFacts host;
  host.uid = ::geteuid();
  host.gid = ::getegid();
  host.landlock_abi = LandlockAbi();
  AMBIT_TRY(const std::string text, DiskView().ReadFile("/proc/self/mountinfo", kMountinfoLimit));
  for (std::string_view rest = text; !rest.empty();) {
    const std::size_t end = rest.find('\n');
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    if (std::optional<MountPoint> mount = ParseMount(line)) {
      host.mounts.push_back(*std::move(mount));
    } else {
      return Fail(ErrorCode::kSystem,
                  "cannot understand a line of /proc/self/mountinfo: " + std::string(line));
    }
  }
  for (const MountPoint& mount : host.mounts) NoteKernelPlace(mount, host);
  return host;
}

}  // namespace ambit::os
