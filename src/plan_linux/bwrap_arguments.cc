#include "plan_linux/bwrap_arguments.h"

#include <set>
#include <string_view>
#include <variant>

#include "base/host_facts.h"
#include "base/json_text.h"
#include "base/path_text.h"

namespace ambit::plan_linux {
namespace {

using Kind = BwrapArgument::Kind;

/// Switches of the kernel that uid 0 could flip without a capability. bwrap covers some of them,
/// and those only where it can tell.
constexpr std::string_view kProcControls[] = {
    "/proc/sysrq-trigger", "/proc/irq", "/proc/bus",  "/proc/acpi",
    "/proc/scsi",          "/proc/fs",  "/proc/mtrr", "/proc/latency_stats"};
constexpr std::string_view kShmSize = "67108864";
constexpr std::string_view kWayMode = "0111";
constexpr std::string_view kNoMode = "0000";

class Collection {
 public:
  Collection(const plan::Plan& plan, const BwrapSituation& situation)
      : plan_(plan), situation_(situation) {
    for (const plan::Op& op : plan.ops) {
      const auto* const network = std::get_if<plan::ProxiedNetwork>(&op);
      if (network != nullptr && network->capture) low_ports_ = true;
      if (const auto* const start = std::get_if<plan::StartIn>(&op)) start_in_ = start->path;
    }
  }

  BwrapArguments Run() {
    AddNamespaces();
    for (const plan::Op& op : plan_.ops) {
      std::visit([this](const auto& one) { Add(one); }, op);
    }
    if (!situation_.resolver_file.empty()) {
      AddText("--ro-bind-data");
      AddArgument(Kind::kData, "nameserver 127.0.0.1\n");
      AddText(situation_.resolver_file);
    }
    for (const BwrapFile& file : situation_.own_files) {
      AddOption("--perms", "0644");
      AddText("--file");
      AddArgument(Kind::kData, file.text);
      AddText(file.path);
    }
    for (const std::string& path : filled_) AddOption("--remount-ro", path);
    if (!dev_exposed_) AddOption("--remount-ro", "/dev");
    if (empty_) AddOption("--remount-ro", "/");
    AddOption("--chdir", "/");
    return std::move(out_);
  }

 private:
  void AddArgument(Kind kind, std::string text) {
    out_.arguments.push_back({kind, std::move(text)});
  }
  void AddText(std::string_view text) { AddArgument(Kind::kText, std::string(text)); }
  template <class... Text>
  void AddOption(const Text&... text) {
    (AddText(text), ...);
  }

  void AddNamespaces() {
    AddOption("--unshare-user");
    AddOption("--unshare-pid");
    AddOption("--unshare-ipc");
    AddOption("--unshare-uts");
    AddOption("--unshare-cgroup");
    AddOption("--unshare-net");
    AddOption("--die-with-parent");
    AddOption("--as-pid-1");
    AddOption("--cap-drop", "ALL");
    if (situation_.set_id) return;
    // The first two for what gives them up: the bounding set and the securebits are closed with
    // one, and the broker reads the memory of programs that hide it with the other.
    AddOption("--cap-add", "CAP_SETPCAP");
    AddOption("--cap-add", "CAP_SYS_PTRACE");
    if (low_ports_) AddOption("--cap-add", "CAP_NET_BIND_SERVICE");
  }

  /// Mounts the place on itself.
  void AddMount(const std::string& path, bool writable) {
    AddText(writable ? "--bind-fd" : "--ro-bind-fd");
    AddArgument(Kind::kPlace, path);
    AddText(path);
    out_.mounts.push_back({path, writable, false, places_++});
  }

  void Add(const plan::StartFrom& op) {
    empty_ = op.view == plan::View::kEmpty;
    if (empty_) {
      out_.mounts.push_back({"/", false, false, BwrapMount::kNoPlace});
    } else {
      AddMount("/", op.view == plan::View::kWritable);
    }
  }
  void Add(const plan::FreshProc&) {
    AddOption("--proc", "/proc");
    AddOption("--ro-bind", "/proc/sys", "/proc/sys");
    for (const std::string_view path : kProcControls) AddOption("--ro-bind-try", path, path);
    out_.mounts.push_back({"/proc/sys", false, false, BwrapMount::kNoPlace});
  }
  void Add(const plan::PrivateDev&) {
    // The terminals that --dev makes belong to a second user namespace, which would own neither the
    // network nor its ports.
    if (low_ports_ && situation_.uid != 0) {
      AddDevWithoutTerminals();
    } else {
      AddOption("--dev", "/dev");
    }
    // Without a bound it could fill the memory: then it stays empty and closed.
    if (situation_.set_id) return;
    AddOption("--perms", "1777");
    AddOption("--size", kShmSize);
    AddOption("--tmpfs", "/dev/shm");
  }
  void AddDevWithoutTerminals() {
    AddOption("--tmpfs", "/dev");
    for (const std::string_view name : kHarmlessDevices) {
      const std::string path = "/dev/" + std::string(name);
      AddOption("--dev-bind", path, path);
    }
    AddOption("--symlink", "/proc/self/fd", "/dev/fd");
    AddOption("--symlink", "/proc/self/fd/0", "/dev/stdin");
    AddOption("--symlink", "/proc/self/fd/1", "/dev/stdout");
    AddOption("--symlink", "/proc/self/fd/2", "/dev/stderr");
    AddOption("--dir", "/dev/pts");
  }
  void Add(const plan::Expose& op) {
    shown_.insert(op.path);
    if (!IsAtOrBelow(op.path, "/dev")) return AddMount(op.path, op.writable);
    if (op.path == "/dev") dev_exposed_ = true;
    // Devices are opened by no other option, and this one takes a path.
    AddOption("--dev-bind", op.path, op.path);
    if (!op.writable) AddOption("--remount-ro", op.path);
    out_.mounts.push_back({op.path, op.writable, false, BwrapMount::kNoPlace});
  }
  void Add(const plan::MakeLink& op) {
    if (IsShownLater(op.path)) return;
    AddOption("--symlink", op.text, op.path);
  }
  void Add(const plan::StartIn& op) {
    if (!empty_ || op.path == "/" || IsShown(op.path)) return;
    AddWays("/", op.path);
    AddWay(op.path);
  }
  void Add(const plan::Hide& op) {
    if (op.directory) {
      // The command starts where it was told to, even where nothing can be seen.
      const bool is_way = !op.reopened.empty() || op.path == start_in_;
      AddOption("--perms", is_way ? kWayMode : kNoMode);
      AddOption("--tmpfs", op.path);
      for (const std::string& path : op.reopened) AddWays(op.path, path);
      filled_.push_back(op.path);
    } else {
      AddOption("--perms", kNoMode);
      AddText("--ro-bind-data");
      AddArgument(Kind::kData, "");
      AddText(op.path);
    }
    out_.mounts.push_back({op.path, false, true, BwrapMount::kNoPlace});
  }
  /// A directory that can be walked through but not listed.
  void AddWay(const std::string& path) {
    AddOption("--perms", kWayMode);
    AddOption("--dir", path);
  }
  /// Those between `top` and `path`. bwrap leaves those that are there already as they are.
  void AddWays(std::string_view top, const std::string& path) {
    const std::size_t start = top == "/" ? 1 : top.size() + 1;
    for (std::size_t end = path.find('/', start); end != std::string::npos;
         end = path.find('/', end + 1)) {
      AddWay(path.substr(0, end));
    }
  }
  // Decided call by call, or by whoever comes after bwrap.
  void Add(const plan::ScopedProcesses&) {}
  void Add(const plan::ScopedDevices&) {}
  void Add(const plan::Pin&) {}
  void Add(const plan::HideMatches&) {}
  void Add(const plan::Forbid&) {}
  void Add(const plan::Mediate&) {}
  void Add(const plan::Sockets&) {}
  void Add(const plan::NoNetwork&) {}
  void Add(const plan::ProxiedNetwork&) {}
  void Add(const plan::DropPrivileges&) {}
  void Add(const plan::Limit&) {}

  [[nodiscard]] bool IsShown(std::string_view path) const {
    for (; path != "/"; path = ParentPath(path)) {
      if (shown_.contains(path)) return true;
    }
    return false;
  }
  /// Links come before what is mounted: they are left out below it, where they are anyway.
  [[nodiscard]] bool IsShownLater(std::string_view path) const {
    for (const plan::Op& op : plan_.ops) {
      const auto* const expose = std::get_if<plan::Expose>(&op);
      if (expose != nullptr && IsAtOrBelow(path, expose->path)) return true;
    }
    return false;
  }

  const plan::Plan& plan_;
  const BwrapSituation& situation_;
  BwrapArguments out_;
  std::set<std::string, std::less<>> shown_;
  std::vector<std::string> filled_;  ///< Closed when everything in them has been mounted.
  std::size_t places_ = 0;
  bool low_ports_ = false;  ///< The doors for captured names need a port below 1024.
  std::string_view start_in_;
  bool empty_ = false;
  bool dev_exposed_ = false;
};

/// The arguments from one option to the next.
std::vector<std::vector<std::string>> Options(const BwrapArguments& call) {
  std::vector<std::vector<std::string>> out;
  for (const BwrapArgument& argument : call.arguments) {
    if (argument.kind == Kind::kText && argument.text.starts_with("--")) out.emplace_back();
    std::string text = argument.text;
    if (argument.kind == Kind::kPlace) text = "<descriptor of " + text + ">";
    if (argument.kind == Kind::kData)
      text = "<descriptor of " + std::to_string(text.size()) + " bytes>";
    out.back().push_back(std::move(text));
  }
  return out;
}

}  // namespace

BwrapArguments BwrapArgumentsFor(const plan::Plan& plan, const BwrapSituation& situation) {
  return Collection(plan, situation).Run();
}

std::string RenderText(const BwrapArguments& call) {
  std::string out;
  for (const std::vector<std::string>& option : Options(call)) {
    out += "bwrap           ";
    for (const std::string& argument : option) out += ' ' + Printable(argument);
    out += '\n';
  }
  return out;
}

std::string RenderJson(const BwrapArguments& call) {
  std::string out = "[";
  for (const std::vector<std::string>& option : Options(call)) {
    out += out.size() == 1 ? "\n[" : ",\n[";
    for (std::size_t i = 0; i < option.size(); ++i) {
      out += (i == 0 ? "" : ",") + JsonString(option[i]);
    }
    out += ']';
  }
  return out + "\n]";
}

}  // namespace ambit::plan_linux
