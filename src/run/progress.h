#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace ambit::run {

/// The steps of a start, in order. Each is reported with its errno when it fails and with its
/// duration when asked for.
enum class Step : std::uint8_t {
  kNamespaces,
  kIdentity,
  kCapture,
  kStage,
  kView,
  kPrivateRoot,
  kProc,
  kDev,
  kPaths,
  kCheckView,
  kStartIn,
  kNetwork,
  kLandlock,
  kPrivileges,
  kFork,
  kSession,
  kFence,
  kFilter,
  kProof,
  kExec,
};
inline constexpr std::size_t kSteps = 20;

/// One word for machines, and what the step is for people.
struct StepText {
  std::string_view name;
  std::string_view does;
};
inline constexpr std::array<StepText, kSteps> kStepTexts = {{
    {"namespaces", "making user, mount, process and network namespaces"},
    {"identity", "mapping the user's own ids into the user namespace"},
    {"capture", "taking hold of a granted path"},
    {"stage", "making the masks and the private directories"},
    {"view", "making the disk read-only"},
    {"private-root", "making a private root directory"},
    {"proc", "mounting a private /proc"},
    {"dev", "making a private /dev"},
    {"paths", "applying the rule for a path"},
    {"check-view", "checking what bwrap has mounted"},
    {"start-in", "entering the start directory"},
    {"network", "making the sandbox's loopback and its doors to the proxy"},
    {"landlock", "restricting writes with Landlock"},
    {"privileges", "giving up privileges"},
    {"fork", "starting the command's process"},
    {"session", "preparing the command's session and limits"},
    {"fence", "closing to the command what is decided call by call"},
    {"filter", "installing the system call filter"},
    {"proof", "proving from inside that the rules hold"},
    {"exec", "executing the command"},
}};

/// Shared between the supervisor and the sandbox's first process. Written by one side at a time:
/// each message on the channel, and the end of the process, orders the accesses.
struct Progress {
  std::array<std::uint64_t, kSteps> ended_at;  ///< NowMicroseconds() after each step.
  std::uint64_t started_at;
  Step failed_step;
  int failed_errno;  ///< 0: nothing failed.
  /// For kCapture, kPaths, kCheckView and kProof: which one. kNoObject otherwise.
  std::size_t failed_object;
  int exec_errno;    ///< Why the command could not be executed; 0 when it could.
  bool finished;     ///< The command ended; `killed` and `code` say how.
  bool helper_lost;  ///< The broker or the guard ended first, and the command was ended with it.
  bool killed;
  int code;
  std::uint32_t stragglers;
};
/// The size in bytes of the memory with the results of `witnesses`: never nothing.
constexpr std::size_t ResultsSize(std::size_t witnesses) { return (witnesses + 1) * sizeof(int); }
inline constexpr std::size_t kNoObject = ~std::size_t{0};

}  // namespace ambit::run
