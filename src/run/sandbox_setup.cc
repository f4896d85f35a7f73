#include "run/sandbox_setup.h"

#include <cerrno>
#include <iterator>

#include "os/file_calls.h"
#include "os/inherited_calls.h"
#include "os/mount_calls.h"
#include "os/process_calls.h"
#include "os/unique_fd.h"
#include "run/landlock_layers.h"
#include "run/proxy_process.h"

namespace ambit::run {
namespace {

using os::kCwd;
using os::MountFlags;

constexpr MountFlags kReadOnlyFlags{.read_only = true, .no_suid = true};
constexpr MountFlags kMaskFlags{.read_only = true, .no_suid = true, .no_dev = true};
constexpr const char* kStageSize = "16m";
constexpr const char* kShmSize = "64m";
/// Kernel switches in /proc that uid 0 could flip even without capabilities, because the files
/// belong to uid 0. Those that this kernel lacks are left out.
constexpr const char* kProcControls[] = {"/proc/sys", "/proc/sysrq-trigger", "/proc/irq",
                                         "/proc/bus", "/proc/acpi",          "/proc/scsi",
                                         "/proc/fs",  "/proc/mtrr",          "/proc/latency_stats"};
constexpr std::size_t kProcControlsNeeded = 1;  ///< /proc/sys always exists.

class Setup {
 public:
  Setup(Prepared& prepared, Progress& progress, int doors)
      : prepared_(prepared), progress_(progress), doors_(doors) {}

  bool Run() {
    return Identity() && Captures() && Stage() && View() && PrivateRoot() && Proc() && Dev() &&
           Paths() && StartIn() && Network() && Landlock() && Privileges();
  }

  /// Where bwrap has made the namespaces and the view.
  bool RunLaunched() { return StartIn() && Network() && Landlock() && Privileges(); }

  /// Where there are no namespaces: nothing is mounted, the rest is the same.
  bool RunOnSharedHost() {
    if (const int r = os::AdoptOrphans(); r < 0) return Fail(Step::kIdentity, r);
    return StartIn() && Landlock() && Privileges();
  }

 private:
  bool Fail(Step step, int error, std::size_t object = kNoObject) {
    return Report(progress_, step, error, object);
  }
  bool Done(Step step) { return Report(progress_, step, 0); }

  bool Identity() {
    const int r = prepared_.namespaces != nullptr ? 0 : os::MapOwnIds(prepared_.uid, prepared_.gid);
    return Report(progress_, Step::kIdentity, r);
  }

  bool Network() {
    if (prepared_.namespaces != nullptr) {
      if (const int r = prepared_.namespaces->EnterNetwork(); r < 0) {
        return Fail(Step::kNamespaces, r);
      }
    }
    if (!prepared_.proxy.wanted) return prepared_.namespaces == nullptr || Done(Step::kNetwork);
    const int r = OpenDoors(prepared_.proxy, doors_);
    os::CloseFd(doors_);
    return Report(progress_, Step::kNetwork, r);
  }

  /// A detached copy of the mounts at `path`, found without following any link.
  static int Take(const char* path) {
    const int place = os::OpenPlace(kCwd, path);
    if (place < 0) return place;
    const int tree = os::CloneMounts(place);
    os::CloseFd(place);
    return tree;
  }
  /// Mounts `tree` at `path` and closes it.
  static int Place(int tree, const char* path) {
    const int place = os::OpenPlace(kCwd, path);
    if (place < 0) return place;
    const int result = os::Attach(tree, place);
    os::CloseFd(place);
    os::CloseFd(tree);
    return result;
  }
  static int CoverWithItself(const char* path, const MountFlags& flags) {
    const os::UniqueFd place(os::OpenPlace(kCwd, path));
    if (!place.valid()) return place.get();
    const os::UniqueFd tree(os::CloneMounts(place.get()));
    if (!tree.valid()) return tree.get();
    const int r = os::SetMountFlags(tree.get(), flags, {}, true);
    return r < 0 ? r : os::Attach(tree.get(), place.get());
  }

  bool Captures() {
    const os::UniqueFd dir(os::OpenPlace(kCwd, "/dev"));
    if (!dir.valid()) return Fail(Step::kCapture, dir.get());
    for (std::size_t i = 0; i < prepared_.devices.size(); ++i) {
      if (i >= kMostDevices) return Fail(Step::kCapture, -E2BIG);
      devices_[i] = os::CloneMountsAt(dir.get(), prepared_.devices[i].c_str());
      if (devices_[i] < 0) return Fail(Step::kCapture, devices_[i]);
      // They are the host's own: to be used, not to be given another mode or owner.
      const MountFlags flags{.read_only = true, .no_suid = true};
      if (const int r = os::SetMountFlags(devices_[i], flags, {}, false); r < 0) {
        return Fail(Step::kCapture, r);
      }
    }
    for (std::size_t i = 0; i < prepared_.captures.size(); ++i) {
      const Capture& capture = prepared_.captures[i];
      const int tree = Take(capture.path.c_str());
      if (tree < 0) return Fail(Step::kCapture, tree, i);
      const MountFlags flags{
          .read_only = !capture.writable, .no_suid = true, .no_dev = !capture.devices};
      if (const int r = os::SetMountFlags(tree, flags, {}, true); r < 0) {
        return Fail(Step::kCapture, r, i);
      }
      prepared_.capture_fds[i] = tree;
    }
    return Done(Step::kCapture);
  }

  /// The stage has to be attached somewhere for pieces of it to be mounted elsewhere; it goes where
  /// the private /dev will cover it.
  bool Stage() {
    stage_ = os::NewTmpfs(kStageSize, "755");
    if (stage_ < 0) return Fail(Step::kStage, stage_);
    // What others may see of a private directory must not depend on the caller's mask.
    const std::uint32_t mask = os::SetUmask(0);
    const int r = FillStage();
    os::SetUmask(mask);
    return Report(progress_, Step::kStage, r);
  }

  int FillStage() {
    for (const StageNode& node : prepared_.stage) {
      int r = 0;
      switch (node.kind) {
        case StageNode::Kind::kDirectory:
          r = os::MakeDirectoryAt(stage_, node.path.c_str(), node.mode);
          break;
        case StageNode::Kind::kFile:
          r = os::MakeFileAt(stage_, node.path.c_str(), node.mode);
          if (r >= 0 && !node.text.empty()) {
            r = os::FillFileAt(stage_, node.path.c_str(), node.text.data(), node.text.size());
          }
          break;
        case StageNode::Kind::kLink:
          r = os::MakeLinkAt(stage_, node.path.c_str(), node.text.c_str());
          break;
      }
      if (r < 0) return r;
    }
    return 0;
  }

  bool View() {
    const int root = os::OpenPlace(kCwd, "/");
    if (root < 0) return Fail(Step::kView, root);
    const MountFlags flags{.read_only = prepared_.start != plan::View::kWritable, .no_suid = true};
    const int r = os::SetMountFlags(root, flags, {}, true);
    os::CloseFd(root);
    if (r < 0) return Fail(Step::kView, r);
    if (prepared_.start != plan::View::kEmpty) {
      if (const int attached = AttachStage(); attached < 0) return Fail(Step::kView, attached);
    }
    return Done(Step::kView);
  }

  int AttachStage() {
    const int dev = os::OpenPlace(kCwd, "/dev");
    if (dev < 0) return dev;
    if (const int r = os::Attach(stage_, dev); r < 0) return r;
    os::CloseFd(dev);
    // Every mask cut from it inherits this.
    return os::SetMountFlags(stage_, kMaskFlags, {}, false);
  }

  bool PrivateRoot() {
    if (prepared_.start != plan::View::kEmpty) return Done(Step::kPrivateRoot);
    const int r = EnterPrivateRoot();
    return Report(progress_, Step::kPrivateRoot, r);
  }

  int EnterPrivateRoot() {
    // Pieces can only be cut from an attached mount: the host's /proc, about to be left behind,
    // carries the stage while the root is cut, and /dev of the new root carries it from then on.
    const int carrier = os::OpenPlace(kCwd, "/proc");
    if (carrier < 0) return carrier;
    if (const int r = os::Attach(stage_, carrier); r < 0) return r;
    const int root = os::CloneMountsAt(stage_, "root");
    if (root < 0) return root;
    const int next_stage = os::CloneMounts(stage_);
    if (next_stage < 0) return next_stage;
    if (const int r = os::Attach(root, stage_); r < 0) return r;
    const int dev = os::OpenPlace(root, "dev");
    if (dev < 0) return dev;
    if (const int r = os::Attach(next_stage, dev); r < 0) return r;
    if (const int r = os::SetMountFlags(next_stage, kMaskFlags, {}, false); r < 0) return r;
    proc_ = os::NewProc();
    if (proc_ < 0) return proc_;
    if (const int r = os::PivotInto(root); r < 0) return r;
    os::CloseFd(dev);
    os::CloseFd(root);
    os::CloseFd(carrier);
    os::CloseFd(stage_);
    stage_ = next_stage;
    return 0;
  }

  bool Proc() {
    // The kernel gives out a new proc mount only while an old one is in full view; in a private
    // root it was therefore made before the old root went away.
    if (proc_ < 0) proc_ = os::NewProc();
    if (proc_ < 0) return Fail(Step::kProc, proc_);
    if (const int r = Place(proc_, "/proc"); r < 0) return Fail(Step::kProc, r);
    for (std::size_t i = 0; i < std::size(kProcControls); ++i) {
      const int r = CoverWithItself(kProcControls[i], kReadOnlyFlags);
      if (r == -ENOENT && i >= kProcControlsNeeded) continue;
      if (r < 0) return Fail(Step::kProc, r);
    }
    return Done(Step::kProc);
  }

  bool Dev() {
    const int dev = os::CloneMountsAt(stage_, "dev");
    if (dev < 0) return Fail(Step::kDev, dev);
    if (const int r = Place(dev, "/dev"); r < 0) return Fail(Step::kDev, r);
    const int root = os::OpenPlace(kCwd, "/dev");
    if (root < 0) return Fail(Step::kDev, root);
    for (std::size_t i = 0; i < prepared_.devices.size(); ++i) {
      const int target = os::OpenPlace(root, prepared_.devices[i].c_str());
      if (target < 0) return Fail(Step::kDev, target);
      if (const int r = os::Attach(devices_[i], target); r < 0) return Fail(Step::kDev, r);
      os::CloseFd(target);
      os::CloseFd(devices_[i]);
    }
    os::CloseFd(root);
    const int pts = os::NewDevpts();
    if (pts < 0) return Fail(Step::kDev, pts);
    if (const int r = Place(pts, "/dev/pts"); r < 0) return Fail(Step::kDev, r);
    const int shm = os::NewTmpfs(kShmSize, "1777");
    if (shm < 0) return Fail(Step::kDev, shm);
    if (const int r = Place(shm, "/dev/shm"); r < 0) return Fail(Step::kDev, r);
    // What was opened outside is used through the mount that it was opened on.
    for (const int fd : {0, 1, 2}) {
      if (const int r = os::RenewMemoryDevice(fd); r < 0) return Fail(Step::kDev, r);
    }
    return Done(Step::kDev);
  }

  bool Paths() {
    file_mask_ = os::OpenPlace(stage_, "file");
    if (file_mask_ < 0) return Fail(Step::kPaths, file_mask_);
    directory_mask_ = os::OpenPlace(stage_, "dir");
    if (directory_mask_ < 0) return Fail(Step::kPaths, directory_mask_);
    for (std::size_t i = 0; i < prepared_.changes.size(); ++i) {
      if (const int r = Apply(prepared_.changes[i]); r < 0) return Fail(Step::kPaths, r, i);
    }
    return Done(Step::kPaths);
  }

  int Apply(const ViewChange& change) {
    const char* const path = change.path.c_str();
    switch (change.kind) {
      case ViewChange::Kind::kWritable:
      case ViewChange::Kind::kReadOnly:
        return Place(prepared_.capture_fds[change.source], path);
      case ViewChange::Kind::kPin:
        return CoverWithItself(path, {});
      case ViewChange::Kind::kPinReadOnly:
        return CoverWithItself(path, kReadOnlyFlags);
      case ViewChange::Kind::kHide:
        return Hide(path, change.stage.c_str());
      case ViewChange::Kind::kHideMatch: {
        const int r = Hide(path, "");
        // Gone since the walk: then there is nothing to read either.
        return r == -ENOENT || r == -ENOTDIR ? 0 : r;
      }
    }
    return -EINVAL;
  }

  /// There may be thousands of these: one lookup, one copy and one mount each.
  int Hide(const char* path, const char* staged) {
    const int place = os::OpenPlace(kCwd, path);
    if (place < 0) return place;
    const int directory = os::IsDirectory(place);
    if (directory < 0) return directory;
    const int tree = *staged != '\0'  ? os::CloneMountsAt(stage_, staged)
                     : directory != 0 ? os::CloneMount(directory_mask_)
                                      : os::CloneMount(file_mask_);
    if (tree < 0) return tree;
    const int r = os::Attach(tree, place);
    os::CloseFd(tree);
    os::CloseFd(place);
    return r;
  }

  bool StartIn() {
    const int place = os::OpenPlace(kCwd, prepared_.start_in.c_str());
    if (place < 0) return Fail(Step::kStartIn, place);
    const int r = os::ChangeDirectory(place);
    os::CloseFd(place);
    return Report(progress_, Step::kStartIn, r);
  }

  bool Landlock() { return Report(progress_, Step::kLandlock, RestrictToPolicy(prepared_)); }

  bool Privileges() {
    if (const int r = os::SetNoNewPrivileges(); r < 0) return Fail(Step::kPrivileges, r);
    if (const int r = os::DisableCoreDumps(); r < 0) return Fail(Step::kPrivileges, r);
    return Report(progress_, Step::kPrivileges, DropCapabilities());
  }

  [[nodiscard]] int DropCapabilities() const {
    // On a shared host it is one over all processes. The base layer, which is above us by now,
    // narrows it to those under the same layer (landlock(7), ptrace restrictions).
    const bool keep_trace = prepared_.NeedsBroker();
    return prepared_.launched || prepared_.shared_host ? os::DropCapabilitiesGiven(keep_trace)
                                                       : os::DropCapabilities(keep_trace);
  }

  static constexpr std::size_t kMostDevices = 8;
  Prepared& prepared_;
  Progress& progress_;
  const int doors_;
  int devices_[kMostDevices] = {};
  int stage_ = -1;
  int file_mask_ = -1;
  int directory_mask_ = -1;
  int proc_ = -1;
};

}  // namespace

bool Report(Progress& progress, Step step, int result, std::size_t object) {
  if (result < 0) {
    progress.failed_step = step;
    progress.failed_errno = -result;
    progress.failed_object = object;
    return false;
  }
  progress.ended_at[static_cast<std::size_t>(step)] = os::NowMicroseconds();
  return true;
}

bool SetUpSandbox(Prepared& prepared, Progress& progress, int doors) {
  Setup setup(prepared, progress, doors);
  if (prepared.launched) return setup.RunLaunched();
  return prepared.shared_host ? setup.RunOnSharedHost() : setup.Run();
}

}  // namespace ambit::run
