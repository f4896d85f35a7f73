#include "cli/option_reader.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>
#include <vector>

#include "base/path_text.h"
#include "cli/option_table.h"

namespace ambit::cli {
namespace {

std::string SeeHelp(CommandName command) {
  return "'ambit help " + std::string(ToWord(command)) + "' lists the options";
}

/// "--name VALUE", for messages.
std::string Form(const OptionSpec& option) {
  std::string out = "--" + std::string(option.name);
  if (!option.value.empty()) out += " " + std::string(option.value);
  return out;
}

/// One option as written: its table entry and the value that was attached to it, if any.
struct Written {
  const OptionSpec* spec = nullptr;
  std::optional<std::string_view> attached;
};

const OptionSpec* FindByName(std::string_view name) {
  const auto all = AllOptions();
  const auto found = std::ranges::find(all, name, &OptionSpec::name);
  return found == all.end() ? nullptr : &*found;
}

const OptionSpec* FindByLetter(char letter) {
  const auto all = AllOptions();
  const auto found = std::ranges::find(all, letter, &OptionSpec::letter);
  return found == all.end() ? nullptr : &*found;
}

Written Recognise(std::string_view argument) {
  if (!argument.starts_with("--")) {
    Written written{FindByLetter(argument[1]), std::nullopt};
    if (argument.size() > 2) written.attached = argument.substr(2);
    return written;
  }
  const std::string_view body = argument.substr(2);
  const std::size_t equals = body.find('=');
  Written written{FindByName(body.substr(0, equals)), std::nullopt};
  if (equals != std::string_view::npos) written.attached = body.substr(equals + 1);
  return written;
}

std::unexpected<Error> UnknownOption(CommandName command, std::string_view argument) {
  std::vector<std::string_view> names;
  for (const OptionSpec& option : AllOptions()) {
    if (Takes(command, option)) names.push_back(option.name);
  }
  std::string_view near;
  if (argument.starts_with("--")) {
    const std::string_view body = argument.substr(2);
    near = NearestWord(body.substr(0, body.find('=')), names);
  }
  return Misuse("unknown option " + Quoted(argument) + "; " +
                (near.empty() ? SeeHelp(command) : "did you mean '--" + std::string(near) + "'?"));
}

std::unexpected<Error> ForeignOption(CommandName command, const OptionSpec& option) {
  std::string owners;
  for (const CommandSpec& spec : AllCommands()) {
    if (!Takes(spec.command, option)) continue;
    owners += (owners.empty() ? "" : ", ") + std::string(ToWord(spec.command));
  }
  return Misuse("'--" + std::string(option.name) + "' is not an option of '" +
                std::string(ToWord(command)) + "' but of: " + owners);
}

Result<int> DescriptorNumber(std::string_view text) {
  int number = 0;
  const std::string digits(text);
  const char* const end = digits.c_str() + digits.size();
  const auto [rest, problem] = std::from_chars(digits.c_str(), end, number);
  if (problem != std::errc() || rest != end || number < 0) {
    return Misuse("'--pass-fd': " + Quoted(text) + " is not the number of a file descriptor");
  }
  if (number <= 2) {
    return Misuse("'--pass-fd': 0, 1 and 2 are always passed on; give a number above 2");
  }
  return number;
}

/// FILE, or fd:N for an open descriptor.
Result<> ReadEvents(std::string_view value, Options& out) {
  if (!value.starts_with("fd:")) {
    out.events_file = value;
    return {};
  }
  const std::string_view digits = value.substr(3);
  int number = 0;
  const char* const end = digits.data() + digits.size();
  const auto [rest, problem] = std::from_chars(digits.data(), end, number);
  if (problem != std::errc() || rest != end || number < 0) {
    return Misuse("'--events': " + Quoted(digits) +
                  " is not the number of a file descriptor; a file of that name is " +
                  Quoted("./" + std::string(value)));
  }
  if (number <= 2) {
    return Misuse("'--events': the command has 0, 1 and 2 itself; give a descriptor above 2");
  }
  out.events_fd = number;
  return {};
}

Result<std::size_t> LastCount(std::string_view text) {
  std::size_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, problem] = std::from_chars(text.data(), end, number);
  if (problem != std::errc() || rest != end || number == 0) {
    return Misuse("'--last': " + Quoted(text) + " is not a number of denials; give 1 or more");
  }
  return number;
}

Result<> ReadEngine(std::string_view name, std::optional<Engine>& out) {
  out = EngineNamed(name);
  if (out || name == "auto") return {};
  return Misuse("'--engine': there is no engine " + Quoted(name) +
                "; give auto, native, landlock or bubblewrap");
}

Result<> ReadScheme(std::string_view value, std::optional<policy::Protocol>& out) {
  using enum policy::Protocol;
  for (const policy::Protocol protocol : {kHttp, kConnect, kSocks5, kTcp}) {
    if (ToWord(protocol) != value) continue;
    out = protocol;
    return {};
  }
  return Misuse("'--scheme': there is no scheme " + Quoted(value) +
                "; give http, connect, socks5 or tcp");
}

/// Addresses with commas between them, or "none".
Result<> ReadResolves(std::string_view value, std::optional<std::vector<IpAddress>>& out) {
  out.emplace();
  if (value == "none") return {};
  while (true) {
    const std::size_t comma = value.find(',');
    const auto address = ParseIp(value.substr(0, comma));
    if (!address) {
      return Misuse("'--resolves': " + Quoted(value.substr(0, comma)) +
                    " is not an IP address; give ADDR,... or none");
    }
    out->push_back(*address);
    if (comma == std::string_view::npos) return {};
    value.remove_prefix(comma + 1);
  }
}

/// Reads the options of one command into an Options.
class Reader {
 public:
  Reader(CommandName command, std::span<const std::string_view> rest) : rest_(rest) {
    out_.command = command;
  }

  Result<Options> Read() {
    while (!rest_.empty()) {
      if (IsOption(rest_.front())) {
        AMBIT_CHECK(ReadOne());
      } else if (out_.command == CommandName::kRun || rest_.front() == "--") {
        break;  // The command, whose own options are none of ours.
      } else {
        TakeWord();
      }
    }
    if (out_.help_subject) {
      out_.command = CommandName::kHelp;
      return std::move(out_);
    }
    if (!rest_.empty() && rest_.front() == "--") rest_ = rest_.subspan(1);
    AMBIT_CHECK(TakeWords());
    if (out_.verbose && out_.quiet) {
      return Misuse("'--verbose' and '--quiet' exclude each other; give one of them");
    }
    if (out_.events_fd &&
        std::ranges::find(out_.pass_fds, *out_.events_fd) != out_.pass_fds.end()) {
      return Misuse(
          "'--pass-fd' would give the command the descriptor of '--events'; open another");
    }
    return std::move(out_);
  }

 private:
  Result<> ReadOne() {
    const std::string_view argument = rest_.front();
    const Written written = Recognise(argument);
    if (written.spec == nullptr) return UnknownOption(out_.command, argument);
    if (!Takes(out_.command, *written.spec)) return ForeignOption(out_.command, *written.spec);
    rest_ = rest_.subspan(1);
    if (written.spec->value.empty()) {
      if (written.attached) return Misuse(Quoted(argument) + ": this option takes no value");
      SetSwitch(written.spec->id);
      return {};
    }
    AMBIT_TRY(const std::string_view value, ValueOf(written));
    AMBIT_CHECK(RefuseRepetition(*written.spec));
    return SetValue(written.spec->id, value);
  }

  /// The attached value, or the next argument. A following `--` is never taken for a value: the
  /// command after it would run with other options than its author meant.
  Result<std::string_view> ValueOf(const Written& written) {
    std::string_view value;
    if (written.attached) {
      value = *written.attached;
    } else if (!rest_.empty() && rest_.front() != "--") {
      value = rest_.front();
      rest_ = rest_.subspan(1);
    }
    if (!value.empty()) return value;
    return Misuse("'--" + std::string(written.spec->name) +
                  "' needs a value: " + Form(*written.spec));
  }

  Result<> RefuseRepetition(const OptionSpec& option) {
    if (option.repeatable) return {};
    const std::uint32_t bit = 1U << static_cast<unsigned>(option.id);
    if ((seen_ & bit) != 0) {
      return Misuse("'--" + std::string(option.name) + "' is given twice; give it once");
    }
    seen_ |= bit;
    return {};
  }

  void SetSwitch(OptionId id) {
    if (id == OptionId::kJson) out_.json = true;
    if (id == OptionId::kToml) out_.toml = true;
    if (id == OptionId::kVerbose) out_.verbose = true;
    if (id == OptionId::kQuiet) out_.quiet = true;
    if (id == OptionId::kHelp) out_.help_subject = out_.command;
  }

  Result<> SetValue(OptionId id, std::string_view value) {
    PolicyOptions& policy = out_.policy;
    switch (id) {
      case OptionId::kProfile:
        policy.profile = value;
        break;
      case OptionId::kDirectory:
        policy.directory = value;
        break;
      case OptionId::kAddDir:
        policy.add_dirs.emplace_back(value);
        break;
      case OptionId::kOverride:
        policy.overrides.emplace_back(value);
        break;
      case OptionId::kConfigHome:
        policy.config_home = value;
        break;
      case OptionId::kConfigProfile:
        policy.config_profile = value;
        break;
      case OptionId::kSystemConfig:
        policy.system_config = value;
        break;
      case OptionId::kManagedConfig:
        policy.managed_config = value;
        break;
      case OptionId::kRequirements:
        policy.requirements.emplace_back(value);
        break;
      case OptionId::kRead:
        out_.questions.push_back({false, std::string(value)});
        break;
      case OptionId::kWrite:
        out_.questions.push_back({true, std::string(value)});
        break;
      case OptionId::kConnect:
        out_.connects.push_back({.target = std::string(value)});
        break;
      case OptionId::kUnix:
        out_.sockets.emplace_back(value);
        break;
      case OptionId::kScheme:
        return ReadScheme(value, scheme_);
      case OptionId::kResolves:
        return ReadResolves(value, resolves_);
      case OptionId::kMethod:
        method_ = value;
        break;
      case OptionId::kPath:
        path_ = value;
        break;
      case OptionId::kEngine:
        return ReadEngine(value, out_.policy.engine);
      case OptionId::kAttest:
        out_.attest_file = value;
        break;
      case OptionId::kPassFd: {
        AMBIT_TRY(const int number, DescriptorNumber(value));
        out_.pass_fds.push_back(number);
        break;
      }
      case OptionId::kEvents:
        return ReadEvents(value, out_);
      case OptionId::kLast: {
        AMBIT_TRY(out_.last, LastCount(value));
        break;
      }
      case OptionId::kJson:
      case OptionId::kToml:
      case OptionId::kVerbose:
      case OptionId::kQuiet:
      case OptionId::kHelp:
        break;  // switches, see SetSwitch
    }
    return {};
  }

  void TakeWord() {
    words_.push_back(rest_.front());
    rest_ = rest_.subspan(1);
  }

  /// What is no option: the command of `run`, the objects of the others.
  Result<> TakeWords() {
    if (out_.command == CommandName::kRun) {
      if (rest_.empty() || rest_.front().empty()) {
        return Misuse("no command to run; say 'ambit run [options] -- CMD [ARG...]'");
      }
      out_.argv.assign(rest_.begin(), rest_.end());
      return {};
    }
    while (!rest_.empty()) TakeWord();
    switch (out_.command) {
      case CommandName::kCheck:
        return TakeFiles();
      case CommandName::kProfiles:
        return TakeProfiles();
      case CommandName::kTrust:
      case CommandName::kUntrust:
        return TakeOne("DIR");
      case CommandName::kConnect:
        return TakeHostAndPort();
      case CommandName::kCompletion:
        AMBIT_CHECK(TakeOne("bash|zsh|fish"));
        if (out_.word == "bash" || out_.word == "zsh" || out_.word == "fish") return {};
        return Misuse(Quoted(out_.word) +
                      " is not a shell with completions; give bash, zsh or fish");
      default:
        break;
    }
    if (!words_.empty()) return Unexpected(words_.front());
    return out_.command == CommandName::kExplain ? CheckQuestions() : Result<>{};
  }

  /// What says more about a destination is about every --connect.
  Result<> CheckQuestions() {
    if (out_.connects.empty() && (scheme_ || resolves_ || method_ || path_)) {
      return Misuse(
          "'--scheme', '--resolves', '--method' and '--path' go with --connect HOST[:PORT]");
    }
    for (ConnectQuestion& question : out_.connects) {
      question.protocol = scheme_.value_or(policy::Protocol::kConnect);
      question.resolves = resolves_;
      question.method = method_;
      question.path = path_;
    }
    if (!out_.questions.empty() || !out_.connects.empty() || !out_.sockets.empty()) return {};
    return Misuse(
        "nothing to explain; give --read PATH, --write PATH, --connect HOST[:PORT] or --unix PATH");
  }

  [[nodiscard]] std::unexpected<Error> Unexpected(std::string_view word) const {
    return Misuse("unexpected argument " + Quoted(word) + "; " + SeeHelp(out_.command));
  }

  Result<> TakeFiles() {
    for (const std::string_view word : words_) {
      if (word.empty()) return Misuse("the name of a file to check is empty");
      out_.policy.checked_files.emplace_back(word);
    }
    return {};
  }

  /// `list`, `show NAME`, or nothing, which is `list`.
  Result<> TakeProfiles() {
    const std::string_view what = words_.empty() ? "list" : words_.front();
    if (what != "list" && what != "show") {
      return Misuse(Quoted(what) + " is not what 'ambit profiles' does; say 'list' or 'show NAME'");
    }
    out_.profiles.show = what == "show";
    const std::size_t most = out_.profiles.show ? 2 : 1;
    if (words_.size() > most) return Unexpected(words_[most]);
    if (words_.size() == 2) out_.profiles.name = words_[1];
    if (out_.toml && (!out_.profiles.show || out_.json)) {
      return Misuse("'--toml' goes with 'show' and without '--json'");
    }
    return {};
  }

  Result<> TakeHostAndPort() {
    if (words_.size() > 2) return Unexpected(words_[2]);
    if (words_.size() < 2 || words_[0].empty()) {
      return Misuse("'ambit connect' needs two arguments: 'ambit connect HOST PORT'");
    }
    out_.word = words_[0];
    out_.port = words_[1];
    return {};
  }

  Result<> TakeOne(std::string_view what) {
    if (words_.empty() || words_.front().empty()) {
      return Misuse("'ambit " + std::string(ToWord(out_.command)) + "' needs an argument: 'ambit " +
                    std::string(ToWord(out_.command)) + " " + std::string(what) + "'");
    }
    if (words_.size() > 1) return Unexpected(words_[1]);
    out_.word = words_.front();
    return {};
  }

  Options out_;
  std::span<const std::string_view> rest_;
  std::vector<std::string_view> words_;  ///< What is no option.
  std::optional<policy::Protocol> scheme_;
  std::optional<std::vector<IpAddress>> resolves_;
  std::optional<std::string> method_, path_;
  std::uint32_t seen_ = 0;  ///< Bit 1 << OptionId of each option that was given a value.
};

}  // namespace

std::unexpected<Error> Misuse(std::string message) {
  return Fail(ErrorCode::kInvalidConfig, std::move(message));
}

std::string Quoted(std::string_view text) { return "'" + Printable(text) + "'"; }

bool IsOption(std::string_view argument) {
  return argument.size() > 1 && argument.front() == '-' && argument != "--";
}

Result<Options> ReadOptions(CommandName command, std::span<const std::string_view> arguments) {
  return Reader(command, arguments).Read();
}

}  // namespace ambit::cli
