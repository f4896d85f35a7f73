#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ambit {

/// Of files and mounts, in one number.
constexpr std::uint64_t DeviceNumber(std::uint32_t major, std::uint32_t minor) {
  return static_cast<std::uint64_t>(major) << 32 | minor;
}

/// Names below /dev of devices that nobody minds.
inline constexpr std::string_view kHarmlessDevices[] = {"full", "null",    "random",
                                                        "tty",  "urandom", "zero"};

/// One line of /proc/self/mountinfo (proc_pid_mountinfo(5)).
struct MountPoint {
  std::uint32_t id = 0;
  std::uint32_t parent = 0;
  std::uint64_t dev = 0;  ///< DeviceNumber()
  std::string fs_root;    ///< The directory of the filesystem that is mounted.
  std::string path;       ///< Where it is mounted.
  std::string fs_type;
};

/// Where an interface of the kernel (processes, switches, devices) is to be seen outside of /proc,
/// /sys and /dev, in somebody's change root for example.
struct KernelPlace {
  std::string path;
  bool directory = true;
};

/// What planning needs to know of the machine. Plain data, so that a plan for any host can be made
/// and compared on any other. Filled by os::ProbeHost.
struct HostFacts {
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  int landlock_abi = 0;  ///< 0: no Landlock (landlock(7)).
  std::vector<MountPoint> mounts;
  std::vector<KernelPlace> kernel_places;
};

}  // namespace ambit
