#include "cli/remedies.h"

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <utility>

namespace ambit::cli {
namespace {

constexpr int kAbiWithScopes = 6;

/// The namespaces and the limit of each (namespaces(7), /proc/sys/user).
constexpr std::array kLimits = {
    std::pair{Ability::kUserNamespace, "user.max_user_namespaces"},
    std::pair{Ability::kMountNamespace, "user.max_mnt_namespaces"},
    std::pair{Ability::kPidNamespace, "user.max_pid_namespaces"},
    std::pair{Ability::kIpcNamespace, "user.max_ipc_namespaces"},
    std::pair{Ability::kUtsNamespace, "user.max_uts_namespaces"},
    std::pair{Ability::kCgroupNamespace, "user.max_cgroup_namespaces"},
    std::pair{Ability::kNetworkNamespace, "user.max_net_namespaces"},
};

constexpr std::array kMountSteps = {Ability::kTmpfs, Ability::kCopyMounts, Ability::kMountFlags,
                                    Ability::kAttach, Ability::kDevpts};

std::string Sysctl(std::string_view key, std::string_view value) {
  return fmt::format(
      "  echo '{} = {}' | sudo tee -a /etc/sysctl.d/60-ambit.conf\n"
      "  sudo sysctl --system\n",
      key, value);
}

/// What the native engine calls that the profiles of container engines leave out.
constexpr std::string_view kContainerCalls =
    "clone, clone3, unshare, mount, umount2, pivot_root, open_tree, move_mount, mount_setattr, "
    "fsopen, fsconfig, fsmount";

std::string AllowInContainer(const HostState& state, std::string_view names) {
  const std::string calls = fmt::format(
      "Add these calls to the names that the container's seccomp profile allows:\n"
      "  {}\n",
      names);
  if (state.container == "kubernetes") {
    return calls +
           "and name that file in the pod:\n"
           "  securityContext: {seccompProfile: {type: Localhost, localhostProfile: ambit.json}}\n";
  }
  if (state.container == "podman") {
    return calls +
           "and start the container with it:\n"
           "  podman run --security-opt seccomp=ambit.json ...\n";
  }
  return calls +
         "and start the container with it:\n"
         "  docker run --security-opt seccomp=ambit.json ...\n";
}

/// Calls that every engine makes, and what it takes to try them.
constexpr std::array kEngineCalls = {
    std::pair{Ability::kFindPaths, "openat2"},
    std::pair{Ability::kHoldProcesses, "pidfd_open, pidfd_send_signal"},
    std::pair{Ability::kCloseRange, "close_range"},
    std::pair{Ability::kCopyDescriptors, "pidfd_getfd"},
    std::pair{Ability::kLandlock,
              "landlock_create_ruleset, landlock_add_rule, landlock_restrict_self"},
};

/// Ubuntu lets those programs have user namespaces that an AppArmor profile names.
std::string AppArmorProfile(const HostState& state) {
  const std::string program = state.program.empty() ? "/usr/bin/ambit" : state.program;
  return fmt::format(
      "Give ambit, and nobody else, a profile that lets it have user namespaces. Write this to\n"
      "/etc/apparmor.d/ambit:\n"
      "  abi <abi/4.0>,\n"
      "  include <tunables/global>\n"
      "  profile ambit {} flags=(unconfined) {{\n"
      "    userns,\n"
      "    include if exists <local/ambit>\n"
      "  }}\n"
      "and load it:\n"
      "  sudo apparmor_parser -r /etc/apparmor.d/ambit\n",
      program);
}

std::string NewerKernel(const HostState& state) {
  if (state.IsLike("ubuntu")) {
    return "Install the newest kernel of this release:\n"
           "  sudo apt install --install-recommends linux-generic-hwe-$(lsb_release -rs)\n";
  }
  if (state.IsLike("debian")) {
    return "Install the kernel of the backports:\n"
           "  echo \"deb http://deb.debian.org/debian $(. /etc/os-release; echo "
           "$VERSION_CODENAME)-backports main\" |\n"
           "    sudo tee /etc/apt/sources.list.d/backports.list\n"
           "  sudo apt update && sudo apt install -t \"$(. /etc/os-release; echo "
           "$VERSION_CODENAME)-backports\" linux-image-amd64\n";
  }
  if (state.IsLike("fedora") || state.IsLike("rhel")) {
    return "Install the newest kernel and restart:\n  sudo dnf upgrade kernel\n";
  }
  if (state.IsLike("arch")) return "Install the newest kernel and restart:\n  sudo pacman -Syu\n";
  if (state.IsLike("suse") || state.IsLike("opensuse")) {
    return "Install the newest kernel and restart:\n  sudo zypper update kernel-default\n";
  }
  if (state.IsLike("alpine")) {
    return "Install the newest kernel and restart:\n  apk upgrade linux-lts\n";
  }
  return "Install a newer kernel and restart.\n";
}

class Finder {
 public:
  Finder(const HostAbilities& abilities, const HostState& state)
      : abilities_(abilities), state_(state) {}

  std::vector<Remedy> Run() {
    if (state_.inside_ambit) return {Inside()};
    if (!Namespaces()) Mounts();
    Proc();
    EngineCalls();
    Calls();
    Landlock();
    Memory();
    return std::move(out_);
  }

 private:
  /// What is missing there, ambit itself has taken away.
  static Remedy Inside() {
    return {
        "a sandbox around ambit is one of its own, and lets no further one do all that it has to",
        "Run the command as it is: the profile of the sandbox around holds for it. Or run ambit "
        "outside of\nthat sandbox.\n"};
  }
  void Add(std::string problem, std::string text) {
    out_.push_back({std::move(problem), std::move(text)});
  }
  [[nodiscard]] int ErrorOf(Ability ability) const { return abilities_.ErrorOf(ability); }

  /// A container alone would not make all of this true.
  [[nodiscard]] bool IsInSandbox() const {
    return state_.filtered && (ErrorOf(Ability::kListener) == EBUSY ||
                               (state_.no_new_privileges && state_.in_user_namespace));
  }

  /// Whether something was found.
  bool Namespaces() {
    for (const auto& [ability, limit] : kLimits) {
      if (ErrorOf(ability) != ENOSPC) continue;
      const std::string where =
          state_.container.empty() ? "Raise it:\n" : "Raise it, on the host of the container:\n";
      Add(fmt::format("the limit {} is used up, or 0", limit), where + Sysctl(limit, "15000"));
      return true;
    }
    for (const auto& [ability, limit] : kLimits) {
      if (ErrorOf(ability) == 0) continue;
      Forbidden();
      return true;
    }
    if (abilities_.Has(Ability::kAllNamespaces)) return false;
    Forbidden();
    return true;
  }

  void Forbidden() {
    constexpr const char* kProblem = "namespaces are forbidden to this process";
    if (IsInSandbox()) {
      return Add("a sandbox around ambit forbids namespaces",
                 "Run ambit outside of it, or let the landlock engine do without them.\n");
    }
    if (state_.unprivileged_userns_clone == 0) {
      return Add("namespaces are for root alone (kernel.unprivileged_userns_clone)",
                 "Allow them to users:\n" + Sysctl("kernel.unprivileged_userns_clone", "1"));
    }
    if (state_.apparmor_restricts == 1) return Add(kProblem, AppArmorProfile(state_));
    if (!state_.container.empty()) {
      return Add(kProblem, AllowInContainer(state_, kContainerCalls));
    }
    Add(kProblem, "See what of this system forbids user namespaces to uid " +
                      std::to_string(abilities_.uid) +
                      ": a security module, or a kernel without CONFIG_USER_NS.\n");
  }

  void Mounts() {
    for (const Ability step : kMountSteps) {
      const int error = ErrorOf(step);
      if (error == 0 || error == HostAbilities::kNotTried) continue;
      if (error == ENOSYS) return Add("the kernel has no mount_setattr", NewerKernel(state_));
      if (state_.apparmor_restricts == 1) {
        return Add("AppArmor takes the rights of user namespaces away", AppArmorProfile(state_));
      }
      if (!state_.container.empty()) {
        return Add(
            "the container lets nobody mount",
            AllowInContainer(state_, kContainerCalls) +
                "Where AppArmor confines it, its profile needs 'mount,' and 'umount,' too.\n");
      }
      return Add("a security module forbids mounts in a user namespace",
                 "Let its policy allow them to " + state_.program + ".\n");
    }
  }

  void Proc() {
    const int error = ErrorOf(Ability::kProc);
    if (error != EPERM || !abilities_.Has(Ability::kAttach)) return;
    std::string text =
        "Parts of /proc are covered, and the kernel gives out no /proc that shows more. The\n"
        "landlock engine needs none, and 'ambit run' takes it by itself where it can.\n";
    if (state_.container == "kubernetes") {
      text +=
          "For the native one, in a pod with hostUsers: false:\n"
          "  securityContext: {procMount: Unmasked}\n";
    } else if (state_.container == "podman") {
      text +=
          "For the native one, in a container with user namespaces of its own:\n"
          "  podman run --userns=auto --security-opt 'unmask=/proc/*' ...\n";
    }
    Add("/proc is covered in part", std::move(text));
  }

  void EngineCalls() {
    std::string names;
    for (const auto& [ability, calls] : kEngineCalls) {
      if (abilities_.Has(ability) || ErrorOf(ability) == HostAbilities::kNotTried) continue;
      // A kernel that has no Landlock is told of below.
      if (ability == Ability::kLandlock && abilities_.landlock_abi == 0) continue;
      names += (names.empty() ? "" : ", ") + std::string(calls);
    }
    if (names.empty()) return;
    const std::string problem = "calls are missing that ambit makes: " + names;
    if (!state_.container.empty()) return Add(problem, AllowInContainer(state_, names));
    if (state_.filtered) {
      return Add(problem,
                 "Let the sandbox around ambit allow these calls, or run ambit outside.\n");
    }
    Add(problem, "Linux 5.14 has them. " + NewerKernel(state_));
  }

  void Calls() {
    if (!abilities_.Has(Ability::kFilter)) {
      return Add("no system call filter can be installed",
                 "The kernel needs CONFIG_SECCOMP_FILTER.\n" + NewerKernel(state_));
    }
    const int error = ErrorOf(Ability::kListener);
    if (error == 0) return;
    if (error == EBUSY) {
      return Add("a sandbox around ambit answers system calls itself, and there can be only one",
                 "Run ambit outside of it; or look once, at the start, in the profile:\n"
                 "  [permissions.NAME.filesystem]\n  deny_mode = \"snapshot\"\n");
    }
    Add("system calls cannot be answered here", NewerKernel(state_));
  }

  void Landlock() {
    if (abilities_.landlock_abi >= kAbiWithScopes) return;
    if (abilities_.landlock_abi == 0 && !state_.security_modules.empty() &&
        state_.security_modules.find("landlock") == std::string::npos) {
      return Add("Landlock is not switched on",
                 fmt::format("Start the kernel with this parameter, where it has Landlock:\n"
                             "  lsm=landlock,{}\n",
                             state_.security_modules));
    }
    Add(fmt::format("Landlock has ABI {}; the landlock engine needs 6", abilities_.landlock_abi),
        "Linux 6.12 has it. " + NewerKernel(state_));
  }

  void Memory() {
    if (abilities_.Has(Ability::kReadMemory) || abilities_.Has(Ability::kReadMemoryFile)) return;
    const bool yama = state_.ptrace_scope.value_or(0) > 0;
    Add(yama ? "Yama keeps processes from reading each other's memory (kernel.yama.ptrace_scope)"
             : "processes cannot read each other's memory",
        "The landlock engine cannot do without; let the native one have its namespaces.\n");
  }

  const HostAbilities& abilities_;
  const HostState& state_;
  std::vector<Remedy> out_;
};

}  // namespace

std::vector<Remedy> RemediesFor(const HostAbilities& abilities, const HostState& state) {
  return Finder(abilities, state).Run();
}

}  // namespace ambit::cli
