#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "os/launch_calls.h"
#include "plan/op.h"
#include "plan_linux/seccomp_rules.h"
#include "run/denied_files.h"
#include "run/gate.h"
#include "run/proof.h"
#include "run/proxy_process.h"
#include "run/run.h"

namespace ambit::run {

/// One change to the command's view of the disk, in execution order. Everything in here is made
/// before the child exists, because the child may not allocate.
struct ViewChange {
  enum class Kind : std::uint8_t {
    kWritable,     ///< Mount captures[source] here, writable.
    kReadOnly,     ///< Mount captures[source] here, read-only.
    kHide,         ///< Mount a mask; `stage` names it, "" for the plain one of the target's kind.
    kHideMatch,    ///< The same for a name found by a walk, which may have vanished since.
    kPin,          ///< Mount the directory onto itself.
    kPinReadOnly,  ///< The same, read-only: the way through a private root.
  };
  Kind kind = Kind::kPin;
  std::string path;
  std::size_t source = 0;
  std::string stage;
};

/// Something made in the stage, a small private tmpfs that masks, /dev and a private root are cut
/// from. Paths are relative to the stage.
struct StageNode {
  enum class Kind : std::uint8_t { kDirectory, kFile, kLink };
  Kind kind = Kind::kDirectory;
  std::string path;
  std::uint32_t mode = 0;
  std::string text;
};

/// A place of the host to be mounted again, taken before anything is covered.
struct Capture {
  std::string path;
  bool writable = false;
  bool devices = false;  ///< Device files in it stay usable.
};

/// A place of the view that another program has mounted, and what is to be found there.
struct ViewPlace {
  std::string path;
  bool writable = false;
  bool masked = false;      ///< It must not be the file below: a mask covers it.
  bool identified = false;  ///< `dev` and `ino` of the file are known.
  std::uint64_t dev = 0;
  std::uint64_t ino = 0;
};

struct Prepared {
  plan::View start = plan::View::kReadOnly;
  std::string start_in = "/";
  std::vector<StageNode> stage;
  std::vector<Capture> captures;
  std::vector<int> capture_fds;  ///< One place per capture, filled in by the child.
  std::vector<ViewChange> changes;
  std::vector<std::string> devices;  ///< Names below /dev that exist on this host.
  Mediation mediation;
  ProxyDoors proxy;
  std::vector<FileIdentity> denied_files;  ///< See LinkedDeniedFiles.
  /// There are no namespaces: nothing is mounted, and the host's /proc and /dev are in view.
  bool shared_host = false;
  /// bwrap has made the namespaces and the view; `view` is what it has to be, in the order in which
  /// it was mounted, and `host_namespaces` is what has to be left behind.
  bool launched = false;
  std::vector<ViewPlace> view;
  os::NamespaceNumbers host_namespaces{};
  bool own_shm = true;  ///< /dev/shm is empty at the start and nobody else's.
  plan_linux::UnixSockets sockets = plan_linux::UnixSockets::kPairs;
  std::vector<std::string> readable;        ///< On a shared host: what may be read at all.
  std::vector<std::string> shared_devices;  ///< On a shared host: devices that may be used.

  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  /// Where the namespaces come from, with the ids mapped; null: clone3 made them.
  NamespaceHolder* namespaces = nullptr;
  int landlock_abi = 0;
  /// The command stays in the session and process group of our terminal, so that the keys ^C and ^Z
  /// reach it by themselves. Only where Landlock keeps its signals inside the sandbox.
  bool share_terminal = false;
  std::uint64_t open_files_soft = 1024;
  plan::Limit limit;

  std::vector<Witness> witnesses;
  int* witness_results = nullptr;  ///< Shared with the supervisor, one for each.
  bool only_prove = false;         ///< The command is not run.

  std::vector<char*> argv;  ///< Null-terminated; points into the Command.
  std::vector<char*> envp;
  std::vector<std::string>
      candidates;                 ///< What to execute: argv[0], or it in every PATH directory.
  std::vector<char*> shell_argv;  ///< For a script without "#!": /bin/sh, candidate, arguments.
  std::vector<int> keep_fds;      ///< Sorted, all above 2.

  /// Some calls wait for a decision.
  [[nodiscard]] bool NeedsBroker() const {
    return mediation.needed || proxy.wanted || sockets != plan_linux::UnixSockets::kPairs;
  }
};

/// Turns the plan into what the child needs. The command is still missing.
Result<Prepared> Prepare(const plan::Plan& plan);

/// Fills in what is executed. `command` must outlive `prepared`.
void PrepareCommand(const Command& command, Prepared& prepared);

}  // namespace ambit::run
