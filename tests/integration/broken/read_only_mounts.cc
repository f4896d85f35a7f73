// No mount becomes read-only.
#include "os/mount_calls.h"
#include "wrap.h"

namespace ambit::os {

#define SET_MOUNT_FLAGS "_ZN5ambit2os13SetMountFlagsEiRKNS0_10MountFlagsES3_b"
int SetAll(int fd, const MountFlags& set, const MountFlags& clear, bool recursive)
    AMBIT_REAL(SET_MOUNT_FLAGS);
int SetAllButReadOnly(int fd, const MountFlags& set, const MountFlags& clear, bool recursive)
    AMBIT_IN_PLACE_OF(SET_MOUNT_FLAGS);

int SetAllButReadOnly(int fd, const MountFlags& set, const MountFlags& clear, bool recursive) {
  MountFlags others = set;
  others.read_only = false;
  return SetAll(fd, others, clear, recursive);
}

}  // namespace ambit::os
