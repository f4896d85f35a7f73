// What a program got open from its parent.
#pragma once

namespace ambit::os {

/// Whether `fd` leads to something with a name on disk: a file, a directory, a named pipe, a device
/// other than a terminal. Mounts made later mean nothing to such a descriptor.
bool LeadsToDisk(int fd);

/// Where `fd` is one of the memory devices (null, zero, full, random, urandom; mem(4), null(4)),
/// opens the one that is in /dev now in its place, for the same use. 0 or -errno.
int RenewMemoryDevice(int fd);

}  // namespace ambit::os
