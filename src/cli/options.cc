#include "cli/options.h"

#include "base/path_text.h"
#include "cli/exit_status.h"
#include "cli/option_reader.h"
#include "cli/option_table.h"

namespace ambit::cli {
namespace {

std::optional<CommandName> FindCommand(std::string_view word) {
  for (const CommandSpec& spec : AllCommands()) {
    if (ToWord(spec.command) == word) return spec.command;
  }
  return std::nullopt;
}

std::unexpected<Error> UnknownCommand(std::string_view word) {
  if (IsOption(word) || word == "--") {
    return Misuse("unknown option " + Quoted(word) +
                  " before the command; options follow it: 'ambit run [options] -- CMD [ARG...]'");
  }
  std::vector<std::string_view> names;
  for (const CommandSpec& spec : AllCommands()) names.push_back(ToWord(spec.command));
  const std::string_view near = NearestWord(word, names);
  return Misuse(
      Quoted(word) + " is not a command of ambit; " +
      (near.empty() ? "'ambit help' lists them" : "did you mean '" + std::string(near) + "'?"));
}

Result<Options> ParseHelp(std::span<const std::string_view> rest) {
  Options out;
  if (rest.size() > 1) {
    return Misuse("unexpected argument " + Quoted(rest[1]) + "; say 'ambit help COMMAND'");
  }
  if (rest.empty() || rest[0] == "--help" || rest[0] == "-h") return out;
  out.help_subject = FindCommand(rest[0]);
  if (!out.help_subject) return UnknownCommand(rest[0]);
  return out;
}

}  // namespace

std::string_view ToWord(CommandName command) {
  switch (command) {
    case CommandName::kRun:
      return "run";
    case CommandName::kPlan:
      return "plan";
    case CommandName::kExplain:
      return "explain";
    case CommandName::kCheck:
      return "check";
    case CommandName::kProfiles:
      return "profiles";
    case CommandName::kVerify:
      return "verify";
    case CommandName::kDoctor:
      return "doctor";
    case CommandName::kProxy:
      return "proxy";
    case CommandName::kTrust:
      return "trust";
    case CommandName::kUntrust:
      return "untrust";
    case CommandName::kDenials:
      return "denials";
    case CommandName::kConnect:
      return "connect";
    case CommandName::kCompletion:
      return "completion";
    case CommandName::kHelp:
      return "help";
    case CommandName::kVersion:
      return "version";
  }
  return "";
}

Result<Options> ParseOptions(std::span<const std::string_view> arguments) {
  if (arguments.empty()) return Misuse("no command given; 'ambit help' lists them");
  const std::string_view word = arguments[0];
  const auto rest = arguments.subspan(1);
  if (word == "--help" || word == "-h") return ParseHelp(rest);
  if (word == "--version") {
    if (!rest.empty()) return Misuse("unexpected argument " + Quoted(rest[0]));
    Options out;
    out.command = CommandName::kVersion;
    return out;
  }
  const std::optional<CommandName> command = FindCommand(word);
  if (!command) return UnknownCommand(word);
  if (*command == CommandName::kHelp) return ParseHelp(rest);
  return ReadOptions(*command, rest);
}

int UsageStatus(std::span<const std::string_view> arguments) {
  return !arguments.empty() && arguments[0] == "run" ? kRefused : kUsage;
}

}  // namespace ambit::cli
