#include "run/first_process.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <utility>
#include <vector>

#include "base/path_text.h"
#include "os/channel.h"
#include "os/launch_calls.h"
#include "os/mount_calls.h"
#include "os/probe.h"
#include "os/process_calls.h"
#include "run/filters.h"
#include "run/first_state.h"
#include "run/sandbox_setup.h"

namespace ambit::run {
namespace {

constexpr int kRefused = 125;

/// Compares what there is with what the supervisor asked bwrap for.
class ViewCheck {
 public:
  explicit ViewCheck(const Prepared& prepared) : prepared_(prepared) {}

  /// 0, or -errno with `object` set where a place of the view is at fault.
  int Run(std::size_t& object) const {
    object = kNoObject;
    if (const int r = CheckNamespaces(); r < 0) return r;
    for (std::size_t i = 0; i < prepared_.view.size(); ++i) {
      if (const int r = CheckPlace(prepared_.view[i]); r < 0) {
        object = i;
        return r;
      }
    }
    return CheckMounts();
  }

 private:
  int CheckNamespaces() const {
    const Result<os::NamespaceNumbers> own = os::OwnNamespaces();
    if (!own || os::ProcessId() != 1) return -EPERM;
    for (std::size_t i = 0; i < own->size(); ++i) {
      if ((*own)[i] == prepared_.host_namespaces[i]) return -EPERM;
    }
    return 0;
  }

  /// A path that was swapped while bwrap followed it leads elsewhere, or its mount does.
  static int CheckPlace(const ViewPlace& place) {
    os::PlaceFacts facts;
    if (const int r = Inspect(place.path, facts); r < 0) return r;
    const bool same = facts.dev == place.dev && facts.ino == place.ino;
    if (place.identified && same == place.masked) return -ESTALE;
    if (!facts.mount_root) return -ESTALE;
    return place.writable || facts.read_only ? 0 : -EPERM;
  }

  /// Nothing is writable, anywhere, that the plan does not make so.
  int CheckMounts() const {
    const Result<HostFacts> now = os::ProbeHost();
    if (!now) return -EPERM;
    for (const MountPoint& mount : now->mounts) {
      os::PlaceFacts facts;
      const int r = Inspect(mount.path, facts);
      // Covered by another mount, or in a directory that is closed to this user.
      if (r == -ENOENT || r == -ENOTDIR || r == -EACCES) continue;
      if (r < 0) return r;
      if (!facts.no_suid) return -EPERM;
      if (!facts.read_only && !MayBeWritable(mount.path)) return -EPERM;
    }
    return 0;
  }

  static int Inspect(const std::string& path, os::PlaceFacts& facts) {
    const os::UniqueFd place(os::OpenPlace(os::kCwd, path.c_str()));
    return place.valid() ? os::InspectPlace(place.get(), facts) : place.get();
  }

  [[nodiscard]] bool MayBeWritable(std::string_view path) const {
    if (path == "/proc" || path == "/dev/pts" || path == "/dev/shm") return true;
    if (IsHarmlessDevice(path)) return true;
    const ViewPlace* last = nullptr;
    for (const ViewPlace& place : prepared_.view) {
      if (IsAtOrBelow(path, place.path)) last = &place;
    }
    // The view does not tell what is below the private directories.
    const bool own = IsAtOrBelow(path, "/proc") || IsAtOrBelow(path, "/dev");
    return last != nullptr && last->writable && !(own && last->path == "/");
  }

  [[nodiscard]] bool IsHarmlessDevice(std::string_view path) const {
    if (ParentPath(path) != "/dev") return false;
    const std::string_view name = BaseName(path);
    // The last one is the terminal that the caller gave us.
    return name == "console" ||
           std::ranges::find(prepared_.devices, name) != prepared_.devices.end();
  }

  const Prepared& prepared_;
};

/// Everything that was not handed over, as what bwrap had open.
std::vector<int> OpenDescriptors(const FirstState& state) {
  const InitPipes& pipes = state.fds.pipes;
  std::vector<int> out = state.command.pass_fds;
  for (const int fd :
       {pipes.supervisor, pipes.listener_in, pipes.listener_out, pipes.leave, pipes.doors,
        pipes.captured, state.fds.hello, state.fds.progress, state.fds.results}) {
    if (fd >= 0) out.push_back(fd);
  }
  for (const Witness& witness : state.prepared.witnesses) {
    if (witness.process >= 0) out.push_back(witness.process);
  }
  std::ranges::sort(out);
  const auto doubles = std::ranges::unique(out);
  out.erase(doubles.begin(), doubles.end());
  return out;
}

/// Says who we are; from here on the supervisor watches us and not only bwrap.
int SayHello(int hello) {
  const int self = os::OpenProcess(os::ProcessId());
  if (self < 0) return self;
  const int r = os::SendDescriptor(hello, self);
  os::CloseFd(self);
  os::CloseFd(hello);
  return r;
}

Result<FirstState> TakeOver(const char* descriptor) {
  int fd = -1;
  const char* const end = descriptor + std::strlen(descriptor);
  const auto parsed = std::from_chars(descriptor, end, fd);
  if (parsed.ec != std::errc() || parsed.ptr != end) {
    return Fail(ErrorCode::kInvalidConfig, "this is for ambit's own use");
  }
  AMBIT_TRY(const std::string text, os::ReadSealedFile(fd));
  return ReadFirstState(text);
}

}  // namespace

int RunFirstProcess(const char* descriptor) {
  Result<FirstState> state = TakeOver(descriptor);
  if (!state) return kRefused;
  os::DieWithParent();
  os::CopyTo(state->fds.errors, 2);
  const std::vector<int> open = OpenDescriptors(*state);
  Prepared& prepared = state->prepared;
  const Result<void*> shared = os::MapSharedFile(state->fds.progress, sizeof(Progress));
  const Result<void*> results =
      os::MapSharedFile(state->fds.results, ResultsSize(prepared.witnesses.size()));
  if (!shared || !results || os::CloseAbove2(open.data(), open.size(), true) < 0) return kRefused;
  Progress& progress = *static_cast<Progress*>(*shared);
  prepared.witness_results = static_cast<int*>(*results);
  PrepareCommand(state->command, prepared);
  if (SayHello(state->fds.hello) < 0) return kRefused;
  Report(progress, Step::kNamespaces, 0);
  std::size_t object = kNoObject;
  const int checked = ViewCheck(prepared).Run(object);
  if (!Report(progress, Step::kCheckView, checked, object)) return kRefused;
  RunSandboxInit(prepared, state->policy, FiltersFor(prepared), progress, state->fds.pipes);
}

}  // namespace ambit::run
