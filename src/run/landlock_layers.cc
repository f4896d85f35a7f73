#include "run/landlock_layers.h"

#include <cerrno>

#include "os/landlock_calls.h"
#include "os/mount_calls.h"
#include "os/process_calls.h"
#include "os/process_info.h"
#include "os/unique_fd.h"

namespace ambit::run {
namespace {

using os::UniqueFd;

constexpr int kAbiWithScopes = 6;

/// A ruleset in the making. Once something has failed the rest does nothing.
class Layer {
 public:
  Layer(int abi, const os::LandlockHandled& handled)
      : abi_(abi), handled_(handled), ruleset_(os::NewLandlockRuleset(abi, handled)) {
    if (!ruleset_.valid()) error_ = ruleset_.get();
  }

  /// Files at `path` may be changed (with `make`, below it be made and removed as well).
  void AllowChanges(const char* path, bool make) {
    const UniqueFd place = Open(path);
    if (!place.valid() || !handled_.changes) return;
    const bool below = make && os::IsDirectory(place.get()) == 1;
    Keep(below ? os::AllowChangesBelow(ruleset_.get(), abi_, place.get())
               : os::AllowWritesTo(ruleset_.get(), abi_, place.get()));
  }

  void AllowReads(const char* path) {
    const UniqueFd place = Open(path);
    if (place.valid()) AllowReadsAt(place.get());
  }
  void AllowReadsAt(int place) {
    if (error_ < 0 || !handled_.reads) return;
    const bool listing = handled_.listing && os::IsDirectory(place) == 1;
    Keep(os::AllowReadsAt(ruleset_.get(), place, listing));
  }
  void AllowWritesAt(int place) {
    if (error_ >= 0) Keep(os::AllowWritesTo(ruleset_.get(), abi_, place));
  }

  int Restrict() {
    if (error_ >= 0) Keep(os::SetNoNewPrivileges());
    if (error_ >= 0) Keep(os::RestrictSelf(ruleset_.get()));
    return error_;
  }

 private:
  UniqueFd Open(const char* path) {
    if (error_ < 0) return UniqueFd();
    UniqueFd place(os::OpenPlace(os::kCwd, path));
    if (!place.valid()) Keep(place.get());
    return place;
  }
  void Keep(int result) {
    if (result < 0) error_ = result;
  }

  int abi_;
  os::LandlockHandled handled_;
  UniqueFd ruleset_;
  int error_ = 0;
};

/// What the sandbox has of its own, whatever the policy says.
void AllowOwnPlaces(Layer& layer) {
  for (const char* path : {"/dev", "/proc"}) layer.AllowChanges(path, false);
  for (const char* path : {"/dev/shm", "/dev/pts"}) layer.AllowChanges(path, true);
}

/// Of the host's devices the harmless ones, and the terminals that the caller handed over.
void AllowSharedDevices(const Prepared& prepared, Layer& layer) {
  for (const std::string& path : prepared.shared_devices) {
    layer.AllowChanges(path.c_str(), false);
    layer.AllowReads(path.c_str());
  }
  for (int fd = 0; fd <= 2; ++fd) {
    if (!os::IsTerminal(fd)) continue;
    layer.AllowWritesAt(fd);
    layer.AllowReadsAt(fd);
  }
}

void AllowPolicy(const Prepared& prepared, Layer& layer) {
  for (const ViewChange& change : prepared.changes) {
    if (change.kind == ViewChange::Kind::kWritable) layer.AllowChanges(change.path.c_str(), true);
  }
}

/// Rules of Landlock only add up, and one for the root would open the devices and the kernel's
/// switches as well. What is made beside these places later stays closed to changes.
void AllowChangesOfDisk(const Prepared& prepared, Layer& layer) {
  for (const std::string& path : prepared.readable) {
    if (path != "/sys") layer.AllowChanges(path.c_str(), true);
  }
}

/// The broker, which is under this layer too, may write in /proc: it does so for the command in the
/// directories of the command's own processes.
int RestrictOnSharedHost(const Prepared& prepared) {
  const bool whole_disk = prepared.start != plan::View::kEmpty;
  Layer layer(prepared.landlock_abi, {.changes = true, .reads = true, .listing = !whole_disk});
  layer.AllowChanges("/proc", false);
  layer.AllowReads("/proc");
  AllowSharedDevices(prepared, layer);
  AllowPolicy(prepared, layer);
  if (prepared.start == plan::View::kWritable) AllowChangesOfDisk(prepared, layer);
  for (const std::string& path : prepared.readable) layer.AllowReads(path.c_str());
  return layer.Restrict();
}

}  // namespace

int RestrictToPolicy(const Prepared& prepared) {
  const int abi = prepared.landlock_abi;
  if (prepared.shared_host) {
    return abi < kAbiWithScopes ? -EOPNOTSUPP : RestrictOnSharedHost(prepared);
  }
  // Rules of Landlock only add up: where the whole disk or a private root is writable there is
  // nothing for them to narrow.
  const bool changes = prepared.start == plan::View::kReadOnly;
  if (abi == 0 || (!changes && abi < kAbiWithScopes)) return 0;
  Layer layer(abi, {.changes = changes});
  AllowOwnPlaces(layer);
  AllowPolicy(prepared, layer);
  return layer.Restrict();
}

int RaiseFence(const Prepared& prepared) {
  if (prepared.landlock_abi == 0) return 0;
  Layer layer(prepared.landlock_abi, {.changes = true, .tcp = prepared.proxy.brokered});
  if (prepared.shared_host) {
    AllowSharedDevices(prepared, layer);
  } else {
    AllowOwnPlaces(layer);
  }
  return layer.Restrict();
}

}  // namespace ambit::run
