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
override earlier ones. What the plan cannot give is listed as a gap.
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
    R"(  ambit explain [options] (--read PATH | --write PATH)...

Says for each PATH whether the profile allows it, which rule decides and where
it is written, which rules it beats, and the smallest change that would turn
the answer round. A relative PATH is taken from the command's directory.
)";

constexpr std::string_view kExplainEnd =
    R"(
Example:
  ambit explain -P :workspace --read ~/.ssh/id_ed25519 --write .git/config

Exit status:
  0    everything asked for is allowed
  1    something is denied
  2    the command line cannot be understood
  125  the policy cannot be loaded
)";

constexpr std::string_view kCheckUsage =
    R"(  ambit check [options]

Loads the configuration and the requirements as 'ambit run' with the same
options would, asks the questions of the profile's 'tests', and prints what is
wrong as FILE:LINE:COLUMN: error: ..., together with warnings and with what
this host cannot enforce. Runs nothing.
)";

constexpr std::string_view kCheckEnd =
    R"(
Example:
  ambit check --config-home ./draft

Exit status:
  0    no error was printed
  1    an error was printed
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
    out += fmt::format("  {:<10}{}\n", ToWord(spec.command), spec.purpose);
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
