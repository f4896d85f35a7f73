#include "policy/unix_sockets.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/path_text.h"
#include "policy/entry_form.h"
#include "policy/policy.h"

namespace ambit::policy {
namespace {

/// unix(7): sun_path has 108 bytes, the last of them a null.
constexpr std::size_t kMostPath = 107;

/// A socket is known by its name, or by what the name begins with; a directory by its name anywhere
/// on the way.
struct Risk {
  enum class By : std::uint8_t { kName, kPrefix, kDirectory };
  By by;
  std::string_view text;
  std::string_view what;
};

constexpr std::string_view kContainers = "whoever can start containers can read and write the disk";
constexpr std::string_view kMachines = "whoever can start machines can read and write the disk";
constexpr std::string_view kServices = "it starts programs outside of the sandbox";
constexpr std::string_view kKeys = "it signs and logs in with the user's keys";
constexpr std::string_view kScreen = "it types and looks into every window";
constexpr std::string_view kTerminals = "it types into terminals outside of the sandbox";

constexpr Risk kRisks[] = {
    {Risk::By::kPrefix, "docker", kContainers},
    {Risk::By::kDirectory, "docker", kContainers},
    {Risk::By::kPrefix, "podman", kContainers},
    {Risk::By::kDirectory, "podman", kContainers},
    {Risk::By::kPrefix, "containerd", kContainers},
    {Risk::By::kDirectory, "containerd", kContainers},
    {Risk::By::kPrefix, "buildkit", kContainers},
    {Risk::By::kDirectory, "buildkit", kContainers},
    {Risk::By::kPrefix, "crio", kContainers},
    {Risk::By::kDirectory, "crio", kContainers},
    {Risk::By::kPrefix, "cri-dockerd", kContainers},
    {Risk::By::kDirectory, "kubelet", kContainers},
    {Risk::By::kDirectory, "lxd", kContainers},
    {Risk::By::kDirectory, "incus", kContainers},
    {Risk::By::kPrefix, "libvirt", kMachines},
    {Risk::By::kDirectory, "libvirt", kMachines},
    {Risk::By::kPrefix, "virtqemud", kMachines},
    {Risk::By::kPrefix, "snapd", kServices},
    {Risk::By::kDirectory, "systemd", kServices},
    {Risk::By::kName, "system_bus_socket", kServices},
    {Risk::By::kName, "bus", kServices},
    {Risk::By::kPrefix, "dbus-", kServices},
    {Risk::By::kDirectory, "dbus", kServices},
    {Risk::By::kDirectory, "dbus-1", kServices},
    {Risk::By::kPrefix, "ssh-agent", kKeys},
    {Risk::By::kPrefix, "agent.", kKeys},
    {Risk::By::kDirectory, "keyring", kKeys},
    {Risk::By::kDirectory, "gcr", kKeys},
    {Risk::By::kPrefix, "S.gpg-agent", kKeys},
    {Risk::By::kPrefix, "S.scdaemon", kKeys},
    {Risk::By::kDirectory, "gnupg", kKeys},
    {Risk::By::kDirectory, ".gnupg", kKeys},
    {Risk::By::kDirectory, ".X11-unix", kScreen},
    {Risk::By::kPrefix, "wayland-", kScreen},
    {Risk::By::kPrefix, "vscode-", kServices},
    {Risk::By::kDirectory, "screen", kTerminals},
};

bool HasDirectory(std::string_view path, std::string_view name) {
  for (std::string_view dir = ParentPath(path); dir != "/"; dir = ParentPath(dir)) {
    if (BaseName(dir) == name) return true;
  }
  return false;
}

bool Is(const Risk& risk, std::string_view path) {
  switch (risk.by) {
    case Risk::By::kName:
      return BaseName(path) == risk.text;
    case Risk::By::kPrefix:
      return BaseName(path).starts_with(risk.text);
    case Risk::By::kDirectory:
      return HasDirectory(path, risk.text);
  }
  return true;
}

/// tmux keeps its sockets in /tmp/tmux-UID.
bool IsTmux(std::string_view path) { return BaseName(ParentPath(path)).starts_with("tmux-"); }

/// What is not there has no number, and then its name has to do.
bool IsSame(const SocketRule& rule, const SocketFacts& socket) {
  if (rule.dev != socket.dev || rule.ino != socket.ino) return false;
  return rule.kind == FileKind::kSocket ||
         (rule.kind == FileKind::kMissing && rule.path == socket.path);
}

/// Whether a rule that denies is about the socket: by its identity, or by its place, where another
/// one may have taken the name.
bool Closes(const SocketRule& rule, const SocketFacts& socket) {
  return !rule.allow && (IsSame(rule, socket) || IsAtOrBelow(socket.path, rule.path));
}

/// Nobody wrote a rule for a file that merely nothing covers: a private root shows it when a socket
/// is allowed.
bool IsClosed(const Decision& file) {
  if (file.access != Access::kNone) return false;
  return file.pattern != nullptr || (file.rule != nullptr && file.rule->path != "/");
}

class Reading {
 public:
  Reading(const config::Selected& selected, const std::string& home, const FileView& files,
          std::vector<config::Notice>& notices)
      : network_(selected.profile.network),
        managed_(selected.managed_network),
        home_(home),
        files_(files),
        notices_(notices) {}

  Result<UnixSocketPolicy> Run(std::vector<std::string> workspace) {
    out_.enabled = network_.enabled && network_.enabled->value;
    for (const auto& [given, rule] : network_.unix_sockets) AMBIT_CHECK(Add(given, rule, false));
    if (managed_) {
      for (const auto& [given, rule] : managed_->unix_sockets) AMBIT_CHECK(Add(given, rule, true));
    }
    AllowAll();
    if (!out_.enabled && (out_.all || HasAllow())) NoteOff();
    if (!HasAllow() && !out_.all) {
      // A whole top directory is more than a project.
      std::erase_if(workspace, [](const std::string& root) { return Depth(root) < 2; });
      out_.workspace = std::move(workspace);
    }
    return std::move(out_);
  }

 private:
  [[nodiscard]] bool HasAllow() const {
    return std::ranges::any_of(out_.rules, [](const SocketRule& rule) { return rule.allow; });
  }

  Result<> Add(const std::string& given, const config::Placed<bool>& value, bool managed) {
    SocketRule rule;
    rule.allow = value.value;
    rule.managed = managed;
    rule.given = given;
    rule.from = value.from;
    AMBIT_TRY(const std::string spelled, ExpandHome(given, home_, value.from));
    if (spelled.size() > kMostPath) {
      return Fail(ErrorCode::kInvalidConfig,
                  "'" + Printable(given) + "' has " + std::to_string(spelled.size()) +
                      " bytes; the name of a socket has at most 107",
                  value.from);
    }
    AMBIT_TRY(const RealPath real, ResolveRealPath(files_, FoldPath(spelled)));
    rule.path = real.path;
    rule.kind = real.kind;
    if (real.kind != FileKind::kMissing) {
      AMBIT_TRY(const FileInfo info, files_.Lstat(real.path));
      rule.dev = info.dev;
      rule.ino = info.ino;
    }
    if (rule.allow && out_.enabled) AMBIT_CHECK(CheckAllowed(rule, spelled));
    out_.rules.push_back(std::move(rule));
    return {};
  }

  Result<> CheckAllowed(const SocketRule& rule, const std::string& spelled) {
    if (rule.kind == FileKind::kMissing) {
      notices_.push_back({"'" + Printable(rule.given) +
                              "' is not there now; a socket of this name that appears later stays "
                              "closed until the next start",
                          rule.from});
    } else if (rule.kind != FileKind::kSocket) {
      return Fail(ErrorCode::kInvalidConfig,
                  "'" + Printable(rule.given) + "' is not a socket; name the socket itself",
                  rule.from);
    }
    std::string_view risk = RiskOfSocket(rule.path);
    if (risk.empty()) risk = RiskOfSocket(spelled);
    if (risk.empty()) return {};
    const bool acknowledged = rule.managed || IsAcknowledged(rule.given);
    if (!acknowledged) {
      return Fail(ErrorCode::kInvalidConfig,
                  "'" + Printable(rule.given) + "' gives control of the host (" +
                      std::string(risk) +
                      "); write { access = \"allow\", acknowledge_risk = true } if that is meant",
                  rule.from);
    }
    notices_.push_back({"'" + Printable(rule.given) +
                            "' gives the command control of the host: " + std::string(risk),
                        rule.from});
    return {};
  }

  [[nodiscard]] bool IsAcknowledged(const std::string& given) const {
    const auto found = network_.acknowledged_sockets.find(given);
    return found != network_.acknowledged_sockets.end() && found->second.value;
  }

  void AllowAll() {
    const auto& wanted = network_.dangerously_allow_all_unix_sockets;
    if (!wanted || !wanted->value) return;
    if (managed_ && managed_->dangerously_allow_all_unix_sockets &&
        !managed_->dangerously_allow_all_unix_sockets->value) {
      notices_.push_back(
          {"'dangerously_allow_all_unix_sockets' has no effect: the administrator's requirements "
           "forbid it",
           wanted->from});
      return;
    }
    out_.all = true;
    out_.all_from = wanted->from;
    if (!out_.enabled) return;
    notices_.push_back(
        {"every socket of this host that is not denied can be connected to, also "
         "those that give control of it; name the sockets instead",
         wanted->from});
  }

  void NoteOff() {
    const auto first = std::ranges::find_if(out_.rules, &SocketRule::allow);
    const SourceRef& from = first != out_.rules.end() ? first->from : out_.all_from;
    notices_.push_back(
        {"allowed sockets have no effect while the network is off; say enabled = true in the "
         "network table",
         from});
  }

  const config::NetworkTable& network_;
  const std::optional<config::ManagedNetwork>& managed_;
  const std::string& home_;
  const FileView& files_;
  std::vector<config::Notice>& notices_;
  UnixSocketPolicy out_;
};

}  // namespace

bool UnixSocketPolicy::AllowsAny() const {
  if (!enabled) return false;
  return all || !workspace.empty() ||
         std::ranges::any_of(rules, [](const SocketRule& rule) { return rule.allow; });
}

std::string_view RiskOfSocket(std::string_view path) {
  if (IsTmux(path)) return kTerminals;
  const auto* const found =
      std::ranges::find_if(kRisks, [path](const Risk& risk) { return Is(risk, path); });
  return found == std::end(kRisks) ? std::string_view() : found->what;
}

SocketDecision DecideSocket(const Policy& policy, const SocketFacts& socket, const Decision& file) {
  if (policy.unrestricted) return {true, SocketReason::kNoSandbox, nullptr};
  const UnixSocketPolicy& sockets = policy.sockets;
  const SocketRule* allowed = nullptr;
  const SocketRule* replaced = nullptr;
  for (const SocketRule& rule : sockets.rules) {
    if (Closes(rule, socket)) return {false, SocketReason::kDenied, &rule};
    if (!rule.allow) continue;
    if (IsSame(rule, socket)) {
      if (allowed == nullptr) allowed = &rule;
    } else if (rule.path == socket.path) {
      replaced = &rule;
    }
  }
  if (IsClosed(file)) return {false, SocketReason::kClosedFile, nullptr};
  if (socket.own) return {true, SocketReason::kOwn, nullptr};
  if (!sockets.enabled) return {false, SocketReason::kNetworkOff, nullptr};
  if (allowed != nullptr) return {true, SocketReason::kAllowed, allowed};
  if (sockets.all) return {true, SocketReason::kAll, nullptr};
  if (replaced != nullptr) return {false, SocketReason::kReplaced, replaced};
  const bool inside = file.access != Access::kNone &&
                      std::ranges::any_of(sockets.workspace, [&socket](const std::string& root) {
                        return IsAtOrBelow(socket.path, root);
                      });
  if (!inside) return {false, SocketReason::kNoRule, nullptr};
  if (!RiskOfSocket(socket.path).empty()) return {false, SocketReason::kRisk, nullptr};
  return {true, SocketReason::kWorkspace, nullptr};
}

Result<UnixSocketPolicy> MakeUnixSocketPolicy(const config::Selected& selected,
                                              const std::string& home,
                                              std::vector<std::string> workspace,
                                              const FileView& files,
                                              std::vector<config::Notice>& notices) {
  return Reading(selected, home, files, notices).Run(std::move(workspace));
}

}  // namespace ambit::policy
