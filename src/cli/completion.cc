#include "cli/completion.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "cli/option_table.h"

namespace ambit::cli {
namespace {

bool IsFile(std::string_view value) {
  return value == "FILE" || value == "PATH" || value == "DIR" || value == "FILE|fd:N";
}

/// What may stand where `option` wants a value, when that is a short list: "auto|native".
std::vector<std::string_view> Choices(std::string_view value) {
  std::vector<std::string_view> out;
  if (IsFile(value) || value.find('|') == std::string_view::npos) return out;
  while (!value.empty()) {
    const std::size_t end = std::min(value.find('|'), value.size());
    out.push_back(value.substr(0, end));
    value.remove_prefix(std::min(end + 1, value.size()));
  }
  return out;
}

/// The words that a command takes beside its options; empty: names of files.
std::string_view Objects(CommandName command) {
  switch (command) {
    case CommandName::kProfiles:
      return "list show";
    case CommandName::kCompletion:
      return "bash zsh fish";
    default:
      return "";
  }
}

std::string FirstLine(std::string_view text) {
  return std::string(text.substr(0, text.find('\n')));
}

/// `text` in single quotes, for a shell.
std::string Single(std::string_view text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

std::string CommandWords() {
  std::vector<std::string_view> words;
  for (const CommandSpec& spec : AllCommands()) words.push_back(ToWord(spec.command));
  return fmt::format("{}", fmt::join(words, " "));
}

std::string OptionWords(CommandName command) {
  std::vector<std::string> words;
  for (const OptionSpec& option : AllOptions()) {
    if (Takes(command, option)) words.push_back("--" + std::string(option.name));
  }
  return fmt::format("{}", fmt::join(words, " "));
}

/// The options with one kind of value, as a pattern of `case`: "--cd|-C|--requirements".
std::string CasePattern(bool (*fits)(std::string_view)) {
  std::vector<std::string> words;
  for (const OptionSpec& option : AllOptions()) {
    if (option.value.empty() || !fits(option.value)) continue;
    words.push_back("--" + std::string(option.name));
    if (option.letter != 0) words.push_back(std::string("-") + option.letter);
  }
  return fmt::format("{}", fmt::join(words, "|"));
}

constexpr std::string_view kBashHead =
    R"(# Completion of ambit for bash: source this, or put it into
# ~/.local/share/bash-completion/completions/ambit
_ambit() {
  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} words=
  COMPREPLY=()
  local i
  for ((i = 1; i < COMP_CWORD; i++)); do
    if [[ ${COMP_WORDS[1]} == run && ${COMP_WORDS[i]} == -- ]]; then
      COMPREPLY=($(compgen -c -f -- "$word"))
      return
    fi
  done
  case $before in
)";

std::string Bash() {
  std::string out(kBashHead);
  out += fmt::format("    {}) COMPREPLY=($(compgen -f -- \"$word\")); return ;;\n",
                     CasePattern(IsFile));
  for (const OptionSpec& option : AllOptions()) {
    const auto choices = Choices(option.value);
    if (choices.empty()) continue;
    out += fmt::format("    --{}) words={} ;;\n", option.name,
                       Single(fmt::format("{}", fmt::join(choices, " "))));
  }
  out += "    --profile|-P|show) words=$(_ambit_profiles) ;;\n    *)\n";
  out += fmt::format("  if ((COMP_CWORD == 1)); then words={}; else\n",
                     Single(CommandWords() + " --help --version"));
  out += "    case ${COMP_WORDS[1]} in\n";
  for (const CommandSpec& spec : AllCommands()) {
    const std::string objects(spec.command == CommandName::kHelp ? CommandWords()
                                                                 : Objects(spec.command));
    out += fmt::format("      {}) words={} ;;\n", ToWord(spec.command),
                       Single(objects + (objects.empty() ? "" : " ") + OptionWords(spec.command)));
  }
  out += R"(    esac
  fi ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$word"))
}
_ambit_profiles() {
  ambit profiles list 2>/dev/null | sed -n 's/^[* ] \([^ ]*\) .*/\1/p'
}
complete -o default -o nosort -F _ambit ambit
)";
  return out;
}

/// zsh runs the same functions through its own emulation.
std::string Zsh() {
  return "#compdef ambit\n# Completion of ambit for zsh: source this from ~/.zshrc.\n"
         "autoload -U +X bashcompinit && bashcompinit\n" +
         Bash().substr(Bash().find("_ambit()"));
}

std::string FishOption(CommandName command, const OptionSpec& option) {
  std::string out = fmt::format("complete -c ambit -n '__fish_seen_subcommand_from {}' -l {}",
                                ToWord(command), option.name);
  if (option.letter != 0) out += fmt::format(" -s {}", option.letter);
  if (option.name == "profile") {
    out += " -x -a '(__ambit_profiles)'";
  } else if (const auto choices = Choices(option.value); !choices.empty()) {
    out += fmt::format(" -x -a {}", Single(fmt::format("{}", fmt::join(choices, " "))));
  } else if (!option.value.empty()) {
    out += IsFile(option.value) ? " -r -F" : " -x";
  }
  return out + " -d " + Single(FirstLine(option.help)) + "\n";
}

std::string Fish() {
  std::string out =
      "# Completion of ambit for fish: put this into ~/.config/fish/completions/ambit.fish\n"
      "function __ambit_profiles\n"
      "  ambit profiles list 2>/dev/null | sed -n 's/^[* ] \\([^ ]*\\) .*/\\1/p'\n"
      "end\n";
  for (const CommandSpec& spec : AllCommands()) {
    out += fmt::format("complete -c ambit -f -n __fish_use_subcommand -a {} -d {}\n",
                       ToWord(spec.command), Single(spec.purpose));
  }
  for (const CommandSpec& spec : AllCommands()) {
    if (const std::string_view objects = Objects(spec.command); !objects.empty()) {
      out += fmt::format("complete -c ambit -f -n '__fish_seen_subcommand_from {}' -a '{}'\n",
                         ToWord(spec.command), objects);
    }
    for (const OptionSpec& option : AllOptions()) {
      if (Takes(spec.command, option)) out += FishOption(spec.command, option);
    }
  }
  return out;
}

}  // namespace

std::string CompletionScript(std::string_view shell) {
  if (shell == "bash") return Bash();
  if (shell == "zsh") return Zsh();
  if (shell == "fish") return Fish();
  return "";
}

}  // namespace ambit::cli
