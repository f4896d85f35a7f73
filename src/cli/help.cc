#include "cli/help.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "cli/option_table.h"

namespace ambit::cli {
namespace {

constexpr std::string_view kIntroduction =
    R"(ambit runs a command so that it can reach only what a permission profile grants.

  ambit run -- make test                      the usual case
  ambit explain --read .env --write src       why something is allowed or denied

)";

constexpr std::string_view kAfterCommands =
    R"(
Profiles are TOML tables in ~/.config/ambit/config.toml (the directory can be
set by $AMBIT_HOME), in /etc/ambit/config.toml and in the .ambit/config.toml of
a trusted project:

  default_permissions = "work"
  [permissions.work]
  extends = ":workspace"
  [permissions.work.filesystem.":workspace_roots"]
  "**/*.env" = "deny"

'ambit help COMMAND' explains a command; 'ambit --version' tells the version.
)";

constexpr std::string_view kRunUsage =
    R"(  ambit run [options] -- CMD [ARG...]
  ambit run [options] CMD [ARG...]

CMD sees its standard input, output and error, its terminal and its signals as
if it ran alone. Files, network, environment and other processes are what the
profile says. Everything CMD started ends with it.

CMD is told of a denial by an ordinary error, and says what it makes of it. What
ambit knows of it, and the entry that would allow it, is kept for 'ambit
denials', told by --events while CMD runs, and with --verbose printed after CMD
has ended. On a terminal one closing line tells their number unless --quiet is
given. What the kernel refuses by itself (a read-only mount, a masked file, a
system call that is switched off) ambit does not learn of.
)";

constexpr std::string_view kRunEnd =
    R"(
Examples:
  ambit run -- make test
  ambit run -P :read-only -- git log
  ambit run -c 'permissions.p={extends=":workspace"}' -P p -- npm test

Exit status:
  CMD's own   CMD ran
  128+N       signal N ended CMD
  125         ambit refused or failed; nothing of CMD ran
  126         CMD cannot be executed
  127         CMD was not found
)";

constexpr std::string_view kPlanUsage =
    R"(  ambit plan [options]

Prints, in order, each operation that 'ambit run' with the same options would
carry out, with the reason and the place in the configuration. Later lines
override earlier ones. What the plan cannot give is listed as a gap. With the
engine bubblewrap, what the program bwrap is told follows.
)";

constexpr std::string_view kPlanEnd =
    R"(
Example:
  ambit plan -P :workspace --json

Exit status:
  0    the plan was printed
  2    the command line cannot be understood
  125  the policy cannot be loaded, or not be enforced on this host
)";

constexpr std::string_view kExplainUsage =
    R"(  ambit explain [options]
    (--read PATH | --write PATH | --connect HOST[:PORT] | --unix PATH)...

Says for each PATH and HOST whether the profile allows it, which rule decides
and where it is written, which rules it beats, and the smallest change that
would turn the answer round. A relative PATH is taken from the command's
directory. An IPv6 address stands in brackets: [::1]:80. No name is looked up:
--resolves says what it leads to, and without that the answer says on what it
still depends. With --method and --path the answer is about that request as
well: whether limited mode and hooks permit it, and what a hook changes. --unix
is about the socket that is at PATH now; sockets that the command makes itself
need no rule.
)";

constexpr std::string_view kExplainEnd =
    R"(
Example:
  ambit explain -P :workspace --read ~/.ssh/id_ed25519 --write .git/config
  ambit explain -P work --connect example.com:443 --resolves 93.184.216.34
  ambit explain -P work --connect api.example.com --method POST --path /v1/x

Exit status:
  0    everything asked for is allowed
  1    something is denied
  2    the command line cannot be understood
  125  the policy cannot be loaded
)";

constexpr std::string_view kCheckUsage =
    R"(  ambit check [options] [FILE...]

Reads the configuration and the requirements as 'ambit run' with the same
options would and prints everything that is wrong as FILE:LINE:COLUMN: error:
..., sorted by place. Every profile is compiled, asked the questions of its
'tests', and planned for this host. What stops a start with these options is an
error; mistakes of other profiles, lines that decide nothing, denies that a
higher layer takes back, keys that widen access, entries that grant more than
the comment beside them says, and what this host cannot enforce are warnings.
Runs nothing.

A comment counts for the entry it shares a line with or stands right above. It
is compared where it plainly says one of: "read-only", "no writes"; "denied",
"no access", "do not read"; "only PATH", for a path below the granted one.

Each FILE is checked as one more layer above your own, trusted or not; one whose
name begins with "requirements" as one more requirements file.
)";

constexpr std::string_view kCheckEnd =
    R"(
Examples:
  ambit check --config-home ./draft
  ambit check .ambit/config.toml

Exit status:
  0    no error was printed
  1    an error was printed
  2    the command line cannot be understood
)";

constexpr std::string_view kProfilesUsage =
    R"(  ambit profiles [list] [options]
  ambit profiles show [NAME] [options]

'list' names every profile that is built in, configured or managed, where it is
defined, which one a command gets when none is named (*), and why -P would be
refused another (-). 'show' prints what NAME comes to with its parents merged
in, or what a command would get: every line with the place it was set at.
)";

constexpr std::string_view kProfilesEnd =
    R"(
Examples:
  ambit profiles
  ambit profiles show :workspace
  ambit profiles show work --toml > work.toml

Exit status:
  0    the answer was printed
  2    the command line cannot be understood
  125  the configuration cannot be loaded, or there is no such profile
)";

constexpr std::string_view kVerifyUsage =
    R"(  ambit verify [options]

Builds the sandbox that 'ambit run' with the same options would, tries from
inside what each rule forbids, and prints a table of rule, attempt, result and
verdict. No command is run. What is tried before the system call filter is there
shows that mounts, Landlock and dropped privileges hold by themselves.

A rule is "not tried" where an attempt could tell nothing, or would do harm if
it worked. Every 'ambit run' tries a few rules of each kind before its command,
and refuses to run when one does not hold; this cannot be switched off.
)";

constexpr std::string_view kVerifyEnd =
    R"(
Example:
  ambit verify -P :workspace

Exit status:
  0    no rule is broken
  1    a rule does not hold
  2    the command line cannot be understood
  125  there is no sandbox: the policy cannot be loaded or enforced on this
       host, or the profile is one without (:danger-full-access)
)";

constexpr std::string_view kDoctorUsage =
    R"(  ambit doctor [--json]

Tries on this host, each in a process of its own and for five seconds at most,
what the engines of ambit are made of: namespaces, mounts, Landlock, filters.
Prints which engine can enforce which kinds of profile, why not the others, and
what to do about it on this distribution. Changes nothing.
)";

constexpr std::string_view kDoctorEnd =
    R"(
Example:
  ambit doctor

Exit status:
  0    some engine can enforce :workspace
  1    none can
  2    the command line cannot be understood
)";

constexpr std::string_view kProxyUsage =
    R"(  ambit proxy [-P NAME] [options]

Starts the network proxy of a profile by itself, on free ports of 127.0.0.1, and
prints where it listens as soon as it does. It decides about every request as
'ambit run' would. Anything on this host may use it while it runs: it is for
trying rules, and for tools that bring their own isolation. It ends on SIGTERM,
SIGINT or SIGHUP.
)";

constexpr std::string_view kProxyEnd =
    R"(
Example:
  ambit proxy -P web --json

Exit status:
  0    it was told to end
  2    the command line cannot be understood
  125  it could not be started, or the profile's network is off
)";

constexpr std::string_view kTrustUsage =
    R"(  ambit trust DIR [--config-home DIR]

A project may bring a .ambit/config.toml along, in DIR or above it up to the
directory with .git. Such a file is a layer only after it was trusted: read it,
then run this. What is recorded is its path and the SHA-256 of its content, so
after a change it is left out again, with a warning, until it is trusted anew.

The record is trusted_projects.toml beside your own config.toml (~/.config/ambit
unless $AMBIT_HOME, $XDG_CONFIG_HOME or --config-home says otherwise). A command
in a sandbox cannot write there, even where its workspace holds that directory.
A project in [projects."DIR"] with trust_level = "trusted" in your own
configuration is used whatever its files say; "untrusted" is never used.
)";

constexpr std::string_view kTrustEnd =
    R"(
Example:
  ambit trust .

Exit status:
  0    the record was written
  2    the command line cannot be understood
  125  there is nothing to trust, a file has a mistake, or nothing can be written
)";

constexpr std::string_view kUntrustUsage =
    R"(  ambit untrust DIR [--config-home DIR]

Forgets what 'ambit trust' recorded of DIR, of all below it, and of the
directories above it whose files count for it. The record is
trusted_projects.toml beside your own config.toml. What [projects."DIR"] of
your configuration says stays.
)";

constexpr std::string_view kUntrustEnd =
    R"(
Example:
  ambit untrust ~/src/app

Exit status:
  0    nothing of DIR is recorded any more
  2    the command line cannot be understood
  125  the record cannot be read or written
)";

constexpr std::string_view kDenialsUsage =
    R"(  ambit denials [--last N] [--json]

Prints what commands were denied in your recent runs, newest last: when, what
was tried on which object, the rule that decided and where it is written, and
the smallest change that would allow it. What a run tried again and again is
one entry. The same object may be allowed by now: 'ambit explain' answers for
the configuration as it is.

The record is denials.jsonl in $XDG_STATE_HOME/ambit (~/.local/state/ambit). It
keeps about the newest megabyte, and is written when a run ends in which
something was denied. A command in a sandbox cannot write there, even where its
workspace holds that directory.
)";

constexpr std::string_view kDenialsEnd =
    R"(
Example:
  ambit denials --last 5

Exit status:
  0    the answer was printed, be it that nothing is recorded
  2    the command line cannot be understood
  125  the record cannot be read
)";

constexpr std::string_view kConnectUsage =
    R"(  ambit connect HOST PORT

For programs that want a command to connect with, such as ssh with ProxyCommand.
Works inside of a sandbox whose profile has a network: asks its proxy for a tunnel
to HOST, and moves what is read from standard input and what comes back to
standard output.
)";

constexpr std::string_view kConnectEnd =
    R"(
Example:
  ssh -o ProxyCommand='ambit connect %h %p' git@host.example

Exit status:
  0    the connection was made, and has ended
  1    the network policy refuses it, or HOST cannot be reached
  2    the command line cannot be understood
  125  there is no proxy
)";

constexpr std::string_view kCompletionUsage =
    R"(  ambit completion bash|zsh|fish

Prints a script that teaches the shell the commands and options of this program
and the names of your profiles.
)";

constexpr std::string_view kCompletionEnd =
    R"(
Examples:
  ambit completion bash > ~/.local/share/bash-completion/completions/ambit
  ambit completion fish > ~/.config/fish/completions/ambit.fish
  source <(ambit completion zsh)

Exit status:
  0    the script was printed
  2    the command line cannot be understood
)";

constexpr std::string_view kHelpUsage =
    R"(  ambit help [COMMAND]
)";

struct CommandText {
  CommandName command;
  std::string_view usage;  ///< Lines below "Usage:".
  std::string_view end;    ///< What follows the options.
};

constexpr std::array kTexts = {
    CommandText{CommandName::kRun, kRunUsage, kRunEnd},
    CommandText{CommandName::kPlan, kPlanUsage, kPlanEnd},
    CommandText{CommandName::kExplain, kExplainUsage, kExplainEnd},
    CommandText{CommandName::kCheck, kCheckUsage, kCheckEnd},
    CommandText{CommandName::kProfiles, kProfilesUsage, kProfilesEnd},
    CommandText{CommandName::kVerify, kVerifyUsage, kVerifyEnd},
    CommandText{CommandName::kDoctor, kDoctorUsage, kDoctorEnd},
    CommandText{CommandName::kProxy, kProxyUsage, kProxyEnd},
    CommandText{CommandName::kTrust, kTrustUsage, kTrustEnd},
    CommandText{CommandName::kUntrust, kUntrustUsage, kUntrustEnd},
    CommandText{CommandName::kDenials, kDenialsUsage, kDenialsEnd},
    CommandText{CommandName::kConnect, kConnectUsage, kConnectEnd},
    CommandText{CommandName::kCompletion, kCompletionUsage, kCompletionEnd},
    CommandText{CommandName::kHelp, kHelpUsage, ""},
};

constexpr std::array kGroups = {
    std::pair{OptionGroup::kQuestion, "Questions"},
    std::pair{OptionGroup::kPolicy, "Policy"},
    std::pair{OptionGroup::kFiles, "Configuration files"},
    std::pair{OptionGroup::kSandbox, "Sandbox"},
    std::pair{OptionGroup::kOutput, "Output"},
};

/// Column at which descriptions begin.
constexpr std::size_t kTextColumn = 30;

std::string OptionLines(const OptionSpec& option) {
  std::string left = option.letter == 0 ? "      " : fmt::format("  -{}, ", option.letter);
  left += fmt::format("--{}", option.name);
  if (!option.value.empty()) left += fmt::format(" {}", option.value);
  std::string out;
  if (left.size() >= kTextColumn) out = std::exchange(left, {}) + '\n';
  for (std::string_view rest = option.help; !rest.empty();) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    out += fmt::format("{:<{}}{}\n", left, kTextColumn, rest.substr(0, end));
    left.clear();
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return out;
}

std::string OptionList(CommandName command) {
  std::string out;
  for (const auto& [group, title] : kGroups) {
    std::string lines;
    for (const OptionSpec& option : AllOptions()) {
      if (option.group == group && Takes(command, option)) lines += OptionLines(option);
    }
    if (!lines.empty()) out += fmt::format("\n{}:\n{}", title, lines);
  }
  return out;
}

std::string CommandHelp(const CommandSpec& spec, const CommandText& text) {
  return fmt::format("ambit {}: {}\n\nUsage:\n{}{}{}", ToWord(spec.command), spec.purpose,
                     text.usage, OptionList(spec.command), text.end);
}

std::string Overview() {
  std::string out(kIntroduction);
  out += "Commands:\n";
  for (const CommandSpec& spec : AllCommands()) {
    out += fmt::format("  {:<12}{}\n", ToWord(spec.command), spec.purpose);
  }
  out += kAfterCommands;
  return out;
}

}  // namespace

std::string HelpText(std::optional<CommandName> subject) {
  if (!subject) return Overview();
  const auto commands = AllCommands();
  const auto spec = std::ranges::find(commands, *subject, &CommandSpec::command);
  const auto text = std::ranges::find(kTexts, *subject, &CommandText::command);
  if (spec == commands.end() || text == kTexts.end()) return Overview();
  return CommandHelp(*spec, *text);
}

std::string VersionText() { return fmt::format("ambit {}\n", AMBIT_VERSION); }

}  // namespace ambit::cli
