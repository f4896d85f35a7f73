#include "cli/option_table.h"

#include <array>

namespace ambit::cli {
namespace {

constexpr std::uint32_t Bit(CommandName command) { return 1U << static_cast<unsigned>(command); }

constexpr std::uint32_t kRun = Bit(CommandName::kRun);
constexpr std::uint32_t kPlan = Bit(CommandName::kPlan);
constexpr std::uint32_t kExplain = Bit(CommandName::kExplain);
constexpr std::uint32_t kCheck = Bit(CommandName::kCheck);
constexpr std::uint32_t kProfiles = Bit(CommandName::kProfiles);
constexpr std::uint32_t kDenials = Bit(CommandName::kDenials);
constexpr std::uint32_t kVerify = Bit(CommandName::kVerify);
constexpr std::uint32_t kDoctor = Bit(CommandName::kDoctor);
constexpr std::uint32_t kProxy = Bit(CommandName::kProxy);
constexpr std::uint32_t kTrusting = Bit(CommandName::kTrust) | Bit(CommandName::kUntrust);
/// Commands for which one profile is chosen, and those that read the same files.
constexpr std::uint32_t kWithPolicy = kRun | kPlan | kExplain | kCheck | kVerify | kProxy;
constexpr std::uint32_t kWithFiles = kWithPolicy | kProfiles;

using enum OptionId;
using enum OptionGroup;

constexpr std::array kOptions = {
    OptionSpec{kRead, 0, "read", "PATH", true, kQuestion, kExplain, "may PATH be read or listed?"},
    OptionSpec{kWrite, 0, "write", "PATH", true, kQuestion, kExplain,
               "may PATH be created, changed, renamed or removed?"},

    OptionSpec{kConnect, 0, "connect", "HOST[:PORT]", true, kQuestion, kExplain,
               "may HOST be reached? The port is 80 for http, else 443"},
    OptionSpec{kScheme, 0, "scheme", "http|connect|socks5|tcp", false, kQuestion, kExplain,
               "how --connect asks (connect unless said otherwise)"},
    OptionSpec{kResolves, 0, "resolves", "ADDR,...|none", false, kQuestion, kExplain,
               "the addresses that the names of --connect lead to; nothing is\n"
               "looked up"},
    OptionSpec{kMethod, 0, "method", "METHOD", false, kQuestion, kExplain,
               "the request that is made with --connect (GET unless said)"},
    OptionSpec{kPath, 0, "path", "PATH", false, kQuestion, kExplain,
               "what it asks for, with its query (/ unless said)"},
    OptionSpec{kUnix, 0, "unix", "PATH", true, kQuestion, kExplain,
               "may the unix socket PATH be connected to?"},

    OptionSpec{kProfile, 'P', "profile", "NAME", false, kPolicy, kWithPolicy,
               "use this profile instead of default_permissions;\n"
               "built in: :read-only, :workspace, :danger-full-access"},
    OptionSpec{kDirectory, 'C', "cd", "DIR", false, kPolicy, kWithFiles,
               "start in DIR, which is then a workspace root"},
    OptionSpec{kAddDir, 0, "add-dir", "DIR", true, kPolicy, kWithFiles,
               "one more workspace root (repeatable)"},
    OptionSpec{kOverride, 'c', "config", "KEY=VALUE", true, kPolicy, kWithFiles,
               "set one key of the configuration to a TOML value (repeatable)"},

    OptionSpec{kConfigHome, 0, "config-home", "DIR", false, kFiles, kWithFiles | kTrusting,
               "read the user's configuration from DIR/config.toml"},
    OptionSpec{kConfigProfile, 'p', "config-profile", "NAME", false, kFiles, kWithFiles,
               "put NAME.config.toml of the same directory on top"},
    OptionSpec{kSystemConfig, 0, "system-config", "FILE", false, kFiles, kWithFiles,
               "instead of /etc/ambit/config.toml"},
    OptionSpec{kManagedConfig, 0, "managed-config", "FILE", false, kFiles, kWithFiles,
               "one more managed layer, below /etc/ambit/managed_config.toml"},
    OptionSpec{kRequirements, 0, "requirements", "FILE", true, kFiles, kWithFiles,
               "more requirements; they can only narrow (repeatable)"},

    OptionSpec{kEngine, 0, "engine", "auto|native|landlock|bubblewrap", false, kSandbox,
               kRun | kPlan | kCheck | kVerify,
               "what enforces the plan: auto takes the first that can"},
    OptionSpec{kPassFd, 0, "pass-fd", "N", true, kSandbox, kRun,
               "keep file descriptor N open for CMD (repeatable); all others\n"
               "above 2 are closed"},

    OptionSpec{kEvents, 0, "events", "FILE|fd:N", false, kOutput, kRun | kProxy,
               "add what happens to FILE, or write it to descriptor N, as JSON\n"
               "lines; CMD can reach neither"},
    OptionSpec{kAttest, 0, "attest", "FILE", false, kOutput, kRun,
               "try every rule from inside before CMD, and write what it came to\n"
               "to FILE, which CMD cannot change, as one JSON object"},
    OptionSpec{kLast, 0, "last", "N", false, kOutput, kDenials,
               "print the newest N (20 unless said otherwise)"},
    OptionSpec{kJson, 0, "json", "", false, kOutput,
               kPlan | kExplain | kCheck | kProfiles | kDenials | kVerify | kDoctor | kProxy,
               "print one JSON object instead of text"},
    OptionSpec{kToml, 0, "toml", "", false, kOutput, kProfiles,
               "show: print a profile table that needs no other"},
    OptionSpec{kVerbose, 0, "verbose", "", false, kOutput, kRun | kPlan | kExplain,
               "say which profile was chosen and why, what was dropped from the\n"
               "environment, what was denied, and how long each step took"},
    OptionSpec{kQuiet, 0, "quiet", "", false, kOutput,
               kRun | kPlan | kExplain | kDenials | kVerify | kProxy, "print no warnings"},
    OptionSpec{kHelp, 'h', "help", "", false, kOutput, ~0U, "print this text"},
};

constexpr std::array kCommands = {
    CommandSpec{CommandName::kRun, "run a command under a permission profile"},
    CommandSpec{CommandName::kExplain, "say whether a path, host or socket may be used, and why"},
    CommandSpec{CommandName::kPlan, "print the operations that make the sandbox; run nothing"},
    CommandSpec{CommandName::kProfiles, "list the profiles, or show what one comes to"},
    CommandSpec{CommandName::kCheck, "find mistakes in the configuration"},
    CommandSpec{CommandName::kVerify, "try every rule from inside the sandbox; run nothing"},
    CommandSpec{CommandName::kDoctor, "find out what this host can enforce, and what it lacks"},
    CommandSpec{CommandName::kProxy, "serve as the profile's network proxy until ended"},
    CommandSpec{CommandName::kTrust, "use the configuration that a project brings along"},
    CommandSpec{CommandName::kUntrust, "stop using the configuration of a project"},
    CommandSpec{CommandName::kDenials,
                "show what was denied in recent runs, and what would allow it"},
    CommandSpec{CommandName::kConnect,
                "inside a sandbox: connect through its proxy, on standard input and output"},
    CommandSpec{CommandName::kCompletion, "print what a shell needs to complete command lines"},
    CommandSpec{CommandName::kHelp, "explain a command and its options"},
};

}  // namespace

std::span<const OptionSpec> AllOptions() { return kOptions; }

bool Takes(CommandName command, const OptionSpec& option) {
  return (option.commands & Bit(command)) != 0;
}

std::span<const CommandSpec> AllCommands() { return kCommands; }

}  // namespace ambit::cli
