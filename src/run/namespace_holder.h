#pragma once

#include <cerrno>

#include "os/process_calls.h"
#include "os/unique_fd.h"

namespace ambit::run {

/// What Clone and EnterNetwork answer when somebody ends the process that holds the namespaces.
inline constexpr int kEndedFromOutside = -EPIPE;

/// Namespaces for a sandbox that are made while its policy is still being read and its mounts are
/// made: they take the kernel as long as that takes us. A process of its own holds them until the
/// sandbox's first process is in them. It ends with either of the two.
class NamespaceHolder {
 public:
  NamespaceHolder() = default;
  ~NamespaceHolder() { End(); }
  NamespaceHolder(const NamespaceHolder&) = delete;
  NamespaceHolder& operator=(const NamespaceHolder&) = delete;

  /// Begins. From a process with one thread.
  void Start();
  /// As os::CloneIntoNamespaces, but without the network namespace; -errno also where none could be
  /// made, or none were begun. The caller's ids are mapped to themselves in them.
  os::Cloned Clone();
  /// In that child, as the last step with privileges: enters the network namespace, after which the
  /// holder ends. 0 or -errno.
  int EnterNetwork();
  /// The pidfd of the process that holds them, for its parent to see its end; -1: there is none.
  [[nodiscard]] int process() const { return process_.get(); }
  /// Nobody needs them any more.
  void End();

 private:
  os::UniqueFd process_;
  os::UniqueFd line_;
};

}  // namespace ambit::run
