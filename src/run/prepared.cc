#include "run/prepared.h"

#include <algorithm>
#include <set>
#include <string_view>
#include <unordered_map>

#include "base/host_facts.h"
#include "base/path_text.h"
#include "os/disk_view.h"

namespace ambit::run {
namespace {

class Preparation {
 public:
  explicit Preparation(const plan::Plan& plan) : plan_(plan) {
    for (const plan::Op& op : plan.ops) {
      if (const auto* const expose = std::get_if<plan::Expose>(&op)) {
        exposed_.emplace(expose->path, expose);
      }
    }
  }

  Result<Prepared> Run() {
    AMBIT_CHECK(AddDev());
    AddStage("file", false, 0);
    AddStage("dir", true, 0);
    for (const plan::Op& op : plan_.ops) {
      std::visit([this](const auto& one) { Add(one); }, op);
    }
    if (out_.shared_host) {
      AMBIT_CHECK(AddShared());
    } else if (out_.start == plan::View::kEmpty) {
      AMBIT_CHECK(AddPrivateRoot());
    }
    out_.capture_fds.assign(out_.captures.size(), -1);
    return std::move(out_);
  }

 private:
  void AddStage(std::string path, bool directory, std::uint32_t mode) {
    if (!staged_.insert(path).second) return;
    out_.stage.push_back({directory ? StageNode::Kind::kDirectory : StageNode::Kind::kFile,
                          std::move(path), mode, ""});
  }
  void AddStageLink(std::string path, std::string text) {
    if (!staged_.insert(path).second) return;
    out_.stage.push_back({StageNode::Kind::kLink, std::move(path), 0, std::move(text)});
  }
  /// `relative` below `base` and every directory on the way to it.
  void AddStageTree(const std::string& base, std::string_view relative, bool directory,
                    std::uint32_t way_mode) {
    for (std::size_t end = relative.find('/'); end != std::string_view::npos;
         end = relative.find('/', end + 1)) {
      AddStage(JoinPath(base, relative.substr(0, end)), true, way_mode);
    }
    AddStage(JoinPath(base, relative), directory, directory ? way_mode : 0);
  }

  Result<> AddDev() {
    const os::DiskView disk;
    AddStage("dev", true, 0755);
    for (const std::string_view name : kHarmlessDevices) {
      AMBIT_TRY(const FileInfo info, disk.Lstat("/dev/" + std::string(name)));
      if (info.kind != FileKind::kOther) continue;
      AddStage("dev/" + std::string(name), false, 0666);
      out_.devices.emplace_back(name);
    }
    AddStage("dev/pts", true, 0755);
    AddStage("dev/shm", true, 0755);
    AddStageLink("dev/ptmx", "pts/ptmx");
    AddStageLink("dev/fd", "/proc/self/fd");
    AddStageLink("dev/stdin", "/proc/self/fd/0");
    AddStageLink("dev/stdout", "/proc/self/fd/1");
    AddStageLink("dev/stderr", "/proc/self/fd/2");
    AddStageLink("dev/core", "/proc/kcore");
    return {};
  }

  void Add(const plan::StartFrom& op) { out_.start = op.view; }
  void Add(const plan::FreshProc&) {}
  void Add(const plan::PrivateDev&) {}
  void Add(const plan::ScopedProcesses&) {
    out_.shared_host = true;
    out_.own_shm = false;
  }
  void Add(const plan::ScopedDevices&) {}
  void Add(const plan::HideMatches& op) {
    for (const std::string& path : op.found) {
      out_.changes.push_back({ViewChange::Kind::kHideMatch, path, 0, ""});
    }
  }
  void Add(const plan::MakeLink&) {}
  void Add(const plan::Forbid&) {}  // the broker asks the policy itself
  void Add(const plan::Mediate& op) {
    out_.mediation.needed = true;
    out_.mediation.opens = op.opens;
    out_.mediation.below = op.below;
    out_.mediation.closed = op.closed;
    for (const plan::Mediate::Alias& alias : op.aliases) {
      out_.mediation.aliases.push_back({alias.path, alias.real});
    }
  }
  void Add(const plan::NoNetwork&) {}
  void Add(const plan::Sockets& op) {
    using plan_linux::UnixSockets;
    out_.sockets = op.all ? UnixSockets::kDatagrams : UnixSockets::kStreams;
  }
  void Add(const plan::ProxiedNetwork& op) {
    out_.proxy.wanted = true;
    out_.proxy.capture = op.capture;
  }
  void Add(const plan::DropPrivileges&) {}
  void Add(const plan::Limit& op) { out_.limit = op; }
  void Add(const plan::StartIn& op) { out_.start_in = op.path; }
  void Add(const plan::Expose& op) {
    const bool below_dev = IsAtOrBelow(op.path, "/dev");
    if (IsAtOrBelow(op.path, "/dev/shm") || op.path == "/dev") out_.own_shm = false;
    if (below_dev && op.path != "/dev") {
      AddStageTree("dev", RelativeTo(op.path, "/dev"), op.directory, 0755);
    }
    out_.changes.push_back({op.writable ? ViewChange::Kind::kWritable : ViewChange::Kind::kReadOnly,
                            op.path, out_.captures.size(), ""});
    out_.captures.push_back({op.path, op.writable, below_dev});
  }
  void Add(const plan::Hide& op) {
    std::string stage;
    if (!op.reopened.empty()) {
      stage = "hidden" + std::to_string(skeletons_++);
      AddStage(stage, true, 0111);
      for (const std::string& path : op.reopened) {
        AddStageTree(stage, RelativeTo(path, op.path), IsDirectoryExposed(path), 0111);
      }
    }
    out_.changes.push_back({ViewChange::Kind::kHide, op.path, 0, std::move(stage)});
  }
  void Add(const plan::Pin& op) {
    out_.changes.push_back({ViewChange::Kind::kPin, op.path, 0, ""});
  }

  [[nodiscard]] bool IsDirectoryExposed(std::string_view path) const {
    const auto found = exposed_.find(path);
    return found == exposed_.end() || found->second->directory;
  }

  /// What Landlock is told may be read: the places that a plan opens, or, when it starts from the
  /// whole disk, everything but the devices.
  Result<> AddShared() {
    for (const std::string& name : out_.devices) out_.shared_devices.push_back("/dev/" + name);
    if (out_.start == plan::View::kEmpty) {
      for (const auto& [path, expose] : exposed_) out_.readable.emplace_back(path);
      return {};
    }
    const os::DiskView disk;
    AMBIT_TRY(const std::vector<std::string> names, disk.ListDirectory("/"));
    for (const std::string& name : names) {
      const std::string path = "/" + name;
      AMBIT_TRY(const FileInfo info, disk.Lstat(path));
      if (info.kind == FileKind::kSymlink || path == "/dev" || path == "/proc") continue;
      out_.readable.push_back(path);
    }
    return {};
  }

  /// Mount points and links of a private root, and read-only cover for the directories that only
  /// lead somewhere, so that nothing on the way can be moved aside.
  Result<> AddPrivateRoot() {
    AddStage("root", true, 0755);
    AddStage("root/proc", true, 0755);
    AddStage("root/dev", true, 0755);
    std::set<std::string, std::less<>> shown;
    std::set<std::string> ways;
    const auto is_shown = [&](std::string_view path) {
      for (; path != "/"; path = ParentPath(path)) {
        if (shown.contains(path)) return true;
      }
      return false;
    };
    const auto add_way = [&](std::string_view path) {
      if (ParentPath(path) == "/") return;
      const std::string_view top = path.substr(0, path.find('/', 1));
      if (top != "/dev" && top != "/proc" && !shown.contains(top)) ways.emplace(top);
    };
    for (const plan::Op& op : plan_.ops) {
      if (const auto* const expose = std::get_if<plan::Expose>(&op)) {
        if (is_shown(expose->path) || IsAtOrBelow(expose->path, "/dev")) continue;
        AddStageTree("root", RelativeTo(expose->path, "/"), expose->directory, 0755);
        add_way(expose->path);
        shown.insert(expose->path);
      }
    }
    for (const plan::Op& op : plan_.ops) {
      if (const auto* const link = std::get_if<plan::MakeLink>(&op)) {
        if (is_shown(link->path)) continue;
        if (const std::string_view dir = ParentPath(link->path); dir != "/") {
          AddStageTree("root", RelativeTo(dir, "/"), true, 0755);
          add_way(link->path);
        }
        AddStageLink("root" + link->path, link->text);
      }
    }
    // The command starts where it was told to, even where nothing was granted: an empty place, and
    // a way there that can be walked but not listed.
    if (!is_shown(out_.start_in) && out_.start_in != "/") {
      AddStageTree("root", RelativeTo(out_.start_in, "/"), true, 0111);
      add_way(JoinPath(out_.start_in, "."));
    }
    std::vector<ViewChange> cover;
    for (const std::string& path : ways) {
      cover.push_back({ViewChange::Kind::kPinReadOnly, path, 0, ""});
    }
    out_.changes.insert(out_.changes.begin(), cover.begin(), cover.end());
    return {};
  }

  const plan::Plan& plan_;
  std::unordered_map<std::string_view, const plan::Expose*> exposed_;
  Prepared out_;
  std::set<std::string> staged_;
  std::size_t skeletons_ = 0;
};

/// Where a program of this name is looked for, in order (execvp(3)).
std::vector<std::string> ProgramCandidates(const Command& command) {
  const std::string& name = command.argv.front();
  if (name.empty() || name.find('/') != std::string::npos) return {name};
  std::string_view path = "/usr/local/bin:/usr/bin:/bin";
  for (const std::string& variable : command.environment) {
    if (variable.starts_with("PATH=")) path = std::string_view(variable).substr(5);
  }
  std::vector<std::string> out;
  for (;;) {
    const std::size_t end = path.find(':');
    const std::string_view dir = path.substr(0, end);
    out.push_back(dir.empty() ? "./" + name : std::string(dir) + "/" + name);
    if (end == std::string_view::npos) return out;
    path.remove_prefix(end + 1);
  }
}

}  // namespace

Result<Prepared> Prepare(const plan::Plan& plan) { return Preparation(plan).Run(); }

void PrepareCommand(const Command& command, Prepared& out) {
  for (const std::string& argument : command.argv) {
    out.argv.push_back(const_cast<char*>(argument.c_str()));
  }
  // "/bin/sh", the script in place of argv[0] (filled in by the child), the other arguments.
  static char shell[] = "/bin/sh";
  out.shell_argv = {shell, nullptr};
  out.shell_argv.insert(out.shell_argv.end(), out.argv.begin() + 1, out.argv.end());
  out.argv.push_back(nullptr);
  out.shell_argv.push_back(nullptr);
  for (const std::string& variable : command.environment) {
    out.envp.push_back(const_cast<char*>(variable.c_str()));
  }
  out.envp.push_back(nullptr);
  out.candidates = ProgramCandidates(command);
  out.keep_fds = command.pass_fds;
  std::ranges::sort(out.keep_fds);
}

}  // namespace ambit::run
