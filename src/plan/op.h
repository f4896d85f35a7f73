#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/glob.h"
#include "base/result.h"

/// A plan says what the command will be able to see and do, as a list of operations in the order in
/// which they are carried out. It names no mechanism: each engine carries the same list out in its
/// own way or refuses it.
namespace ambit::plan {

enum class View : std::uint8_t { kEmpty, kReadOnly, kWritable };

/// First operation: how much of the disk is there to begin with. kEmpty: a private empty root.
struct StartFrom {
  View view = View::kReadOnly;
};
/// A private /proc of the sandbox's own processes; nothing in it that changes the kernel is
/// writable, for any uid.
struct FreshProc {};
/// A private /dev: null zero full random urandom tty, own terminals, an empty shm.
struct PrivateDev {};
/// Instead of FreshProc: the numbers of the host's processes can be seen, but these neither be
/// signalled nor traced nor read; the kernel's switches cannot be written.
struct ScopedProcesses {};
/// Instead of PrivateDev: of the host's devices only the harmless ones can be opened.
struct ScopedDevices {};
/// The real thing at `path`, writable or read-only, whatever earlier operations made of it.
struct Expose {
  std::string path;
  bool writable = false;
  bool directory = true;
  SourceRef from;
  std::string why;  ///< Printable.
};
/// Nothing at or below `path` can be read, listed, changed, renamed or removed.
struct Hide {
  std::string path;
  bool directory = false;
  /// Directories and files below `path` that a later Expose opens again; the way there can be
  /// walked but not listed.
  std::vector<std::string> reopened;
  SourceRef from;
  std::string why;  ///< Printable.
};
/// The directory stays writable but can be neither renamed nor removed.
struct Pin {
  std::string path;
  std::string why;  ///< Printable.
};
/// A symbolic link of the host, made again in a restricted view.
struct MakeLink {
  std::string path;
  std::string text;
};
/// Hides whatever matches below `base`: at start what is in `found`, or (live) at any time.
struct HideMatches {
  std::string base;
  Glob glob;
  std::optional<std::uint32_t> max_depth;
  bool live = false;
  std::vector<std::string> found;  ///< Canonical places, under every name they have.
  SourceRef from;
  std::string given;
};
/// Nothing can be made at `path`, which does not exist; what appears there later is hidden or stays
/// as it is.
struct Forbid {
  std::string path;
  bool hidden = false;
  SourceRef from;
  std::string why;  ///< Printable.
};
/// While the command runs, each call that changes something below a directory of `below`, and with
/// `opens` each call that opens a file anywhere, is decided by the policy when it is made.
struct Mediate {
  bool opens = false;
  std::vector<std::string> below;
  /// Other names of governed directories, as far as the same filesystem is mounted twice.
  struct Alias {
    std::string path;
    std::string real;
  };
  std::vector<Alias> aliases;
  /// Whatever the policy says: nothing at or below these is opened or changed.
  std::vector<std::string> closed;
};
/// Processes of the sandbox may talk through socket files that they made themselves and, with
/// `named`, to sockets of the host that the policy allows: each connection is decided when it is
/// made. Without this operation nothing connects to a socket file.
struct Sockets {
  bool named = false;
  bool all = false;  ///< Every socket that is not denied.
  /// Canonical socket files that a rule allows.
  std::vector<std::string> allowed;
  SourceRef from;
};
/// No network but an unconnected loopback, and no socket of the host.
struct NoNetwork {};
/// No network but a loopback of the sandbox's own, which is up, and no socket of the host. What the
/// command may reach beyond it, a proxy outside decides and carries.
struct ProxiedNetwork {
  /// Names are answered and connections to other addresses led to the proxy, so that programs need
  /// not know of it.
  bool capture = true;
  SourceRef from;
};
/// Every privilege and every way to get one is given up; the kernel interfaces no build tool needs
/// are closed.
struct DropPrivileges {};
/// Upper bounds; what is not set is not limited.
struct Limit {
  std::optional<std::uint64_t> processes;    ///< In the whole sandbox at one time.
  std::optional<std::uint64_t> open_files;   ///< Descriptors of each process.
  std::optional<std::uint64_t> file_size;    ///< Bytes of each file written.
  std::optional<std::uint64_t> cpu_seconds;  ///< Processor time of each process.
  SourceRef from;
};
/// The directory the command starts in.
struct StartIn {
  std::string path;
};

using Op = std::variant<StartFrom, FreshProc, PrivateDev, ScopedProcesses, ScopedDevices, Expose,
                        Hide, Pin, MakeLink, HideMatches, Forbid, Mediate, NoNetwork,
                        ProxiedNetwork, Sockets, DropPrivileges, Limit, StartIn>;

/// What a rule asks for that this plan does not give, in words for people.
struct Gap {
  std::string what;
  SourceRef from;
  /// Somebody wrote a rule for exactly this, so he has to be told without asking.
  bool asked_for = false;
};

struct Plan {
  std::string profile;
  bool unrestricted = false;  ///< The command runs without a sandbox; `ops` is empty.
  std::vector<Op> ops;
  std::vector<Gap> gaps;
};

/// One line per operation, in order, stable across runs: tests compare it byte for byte.
std::string RenderText(const Plan& plan);
/// The same as one JSON object.
std::string RenderJson(const Plan& plan);

/// What a canonical path comes to under the operations: the last one covering it decides.
enum class Outcome : std::uint8_t { kHidden, kReadOnly, kWritable };
Outcome Lookup(const Plan& plan, std::string_view path);

/// A statement the plan has to keep, taken from a policy rule.
struct Claim {
  std::string path;
  Outcome at_most = Outcome::kHidden;
  SourceRef from;
};

/// Refuses (kUnsupported, with the claim's line) unless every claim holds under Lookup.
Result<> Check(const Plan& plan, const std::vector<Claim>& claims);

/// Refuses (kUnsupported) unless exactly one operation says what network there is, and says no more
/// than `proxied`: that destinations may be reached through the proxy.
Result<> CheckNetwork(const Plan& plan, bool proxied);

}  // namespace ambit::plan
