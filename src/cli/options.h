#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cli/engine.h"
#include "policy/network.h"

namespace ambit::cli {

enum class CommandName : std::uint8_t {
  kRun,
  kPlan,
  kExplain,
  kCheck,
  kProfiles,
  kVerify,
  kDoctor,
  kProxy,
  kTrust,
  kUntrust,
  kDenials,
  kConnect,
  kCompletion,
  kHelp,
  kVersion
};

/// "run", "plan", …
std::string_view ToWord(CommandName command);

/// The options that say which policy is meant, as written.
struct PolicyOptions {
  std::optional<std::string> profile{};
  std::optional<std::string> directory{};
  std::vector<std::string> add_dirs{};
  std::vector<std::string> overrides{};
  std::optional<std::string> config_home{};
  std::optional<std::string> config_profile{};
  std::optional<std::string> system_config{};
  std::optional<std::string> managed_config{};
  std::vector<std::string> requirements{};
  std::optional<Engine> engine{};            ///< None: the best that can do it.
  std::vector<std::string> checked_files{};  ///< `check`: the files it is given.
  /// `run`: the canonical path of the file that events go to, which no command may change.
  std::optional<std::string> events_file{};
  /// `run`: the same for the file of `--attest`, which may not exist yet.
  std::optional<std::string> attest_file{};
};

/// One `--read PATH` or `--write PATH` of `explain`.
struct Question {
  bool write = false;
  std::string path;  ///< As written.
};

/// One `--connect HOST[:PORT]` of `explain`.
struct ConnectQuestion {
  std::string target;  ///< As written.
  policy::Protocol protocol = policy::Protocol::kConnect;
  std::optional<std::vector<IpAddress>> resolves{};  ///< What the name leads to, when it is said.
  /// A request to it, when one is meant; the one that is not said is GET or "/".
  std::optional<std::string> method{}, path{};
};

/// What `profiles` is to print.
struct ProfilesRequest {
  bool show = false;
  std::optional<std::string> name;  ///< `show`: the one that a command would get when absent.
};

/// What the command line asks for.
struct Options {
  CommandName command = CommandName::kHelp;
  PolicyOptions policy;
  bool json = false;
  bool toml = false;
  bool verbose = false;
  bool quiet = false;
  std::optional<std::string> events_file;  ///< `run --events FILE`, as written.
  std::optional<int> events_fd;            ///< `run --events fd:N`
  std::optional<std::string> attest_file;  ///< `run --attest FILE`, as written.
  std::size_t last = 20;                   ///< `denials`: how many, at least 1.
  std::vector<int> pass_fds;               ///< `run`, in order.
  std::vector<std::string> argv;           ///< `run`: the command, never empty.
  std::vector<Question> questions;         ///< `explain`: in order.
  std::vector<ConnectQuestion> connects;   ///< `explain`: in order.
  std::vector<std::string> sockets;        ///< `explain`: in order; not all are empty.
  ProfilesRequest profiles;
  std::string word;                         ///< `trust`, `untrust`: DIR; `completion`: the shell.
                                            ///< `connect`: HOST.
  std::string port;                         ///< `connect`: as written.
  std::optional<CommandName> help_subject;  ///< `help COMMAND`, `COMMAND --help`.
};

/// Understands the arguments after the program's name. Options end at `--` or at the first argument
/// that is none; what follows is left alone. Errors: kInvalidConfig, one line with the way out.
Result<Options> ParseOptions(std::span<const std::string_view> arguments);

/// The status to end with when ParseOptions refuses these arguments.
int UsageStatus(std::span<const std::string_view> arguments);

}  // namespace ambit::cli
