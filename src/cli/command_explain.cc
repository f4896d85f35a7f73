#include <fmt/format.h>

#include <string>
#include <utility>
#include <vector>

#include "base/json_text.h"
#include "base/path_text.h"
#include "cli/answer.h"
#include "cli/command.h"
#include "cli/connect_answer.h"
#include "cli/exit_status.h"
#include "cli/load.h"
#include "cli/report.h"
#include "cli/smallest_change.h"
#include "cli/socket_answer.h"
#include "os/disk_view.h"

namespace ambit::cli {
namespace {

/// An answer and what would turn it round.
struct Explained {
  Answered answer;
  Change change;
};

Result<Explained> Consider(const Loaded& loaded, const Question& question, const FileView& files) {
  Explained out;
  AMBIT_TRY(out.answer, Ask(loaded, question, files));
  out.change = SmallestChange(loaded.selected, loaded.policy, out.answer.decision, out.answer.path,
                              question.write);
  return out;
}

std::string Text(const Loaded& loaded, const Explained& one) {
  const Answered& answer = one.answer;
  std::string out = fmt::format("{:<6} {:<6} {}\n", answer.allowed ? "allow" : "deny",
                                Verb(answer.question), Printable(answer.path.path));
  const auto line = [&out](std::string_view label, const std::string& text) {
    out += fmt::format("  {:<12} {}\n", label, OneLine(text));
  };
  line("decided by", Reason(loaded.policy, answer.decision));
  for (const policy::PathRule* beaten : answer.decision.beaten)
    line("over", RuleWithPlace(*beaten));
  line(answer.allowed ? "to deny it" : "to allow it", one.change.text);
  return out + Indented(one.change.toml, "                 ");
}

std::string JsonRule(const policy::PathRule& rule) {
  constexpr std::string_view kOrigins[] = {"entry", "protected", "managed", "matched", "secret"};
  return fmt::format(
      "{{\"kind\":\"path\",\"given\":{},\"path\":{},\"access\":{},\"origin\":{},\"from\":{}}}",
      JsonString(rule.given), JsonString(rule.path), JsonString(ToWord(rule.access)),
      JsonString(kOrigins[static_cast<std::size_t>(rule.origin)]), JsonString(ToString(rule.from)));
}

std::string JsonReason(const policy::Decision& decision) {
  if (decision.pattern != nullptr) {
    const policy::PatternRule& pattern = *decision.pattern;
    const bool managed = pattern.origin == policy::Origin::kManaged;
    return fmt::format(
        "{{\"kind\":\"pattern\",\"given\":{},\"path\":{},\"access\":\"deny\",\"origin\":{},"
        "\"from\":{}}}",
        JsonString(pattern.given), JsonString(pattern.base),
        JsonString(managed ? "managed" : "entry"), JsonString(ToString(pattern.from)));
  }
  return decision.rule == nullptr ? "null" : JsonRule(*decision.rule);
}

std::string Json(const Explained& one) {
  const auto& [answer, change] = one;
  std::vector<std::string> beaten;
  beaten.reserve(answer.decision.beaten.size());
  for (const policy::PathRule* rule : answer.decision.beaten) beaten.push_back(JsonRule(*rule));
  return fmt::format(
      "{{\"asked\":{},\"path\":{},\"access\":{},\"allowed\":{},\"rule\":{},\"beaten\":[{}],"
      "\"change\":{{\"possible\":{},\"managed\":{},\"text\":{},\"toml\":{}}}}}",
      JsonString(answer.question.path), JsonString(answer.path.path),
      JsonString(Verb(answer.question)), answer.allowed, JsonReason(answer.decision),
      fmt::join(beaten, ","), change.possible, change.managed, JsonString(change.text),
      JsonString(change.toml));
}

std::string Json(const Loaded& loaded, const std::vector<std::string>& answers) {
  return fmt::format("{{\"v\":1,\"profile\":{},\"unrestricted\":{},\"answers\":[\n{}\n]}}\n",
                     JsonString(loaded.policy.profile), loaded.policy.unrestricted,
                     fmt::join(answers, ",\n"));
}

Result<int> ExplainOrRefuse(const Options& options) {
  StepTimer timer;
  const os::DiskView files;
  AMBIT_TRY(const Loaded loaded, LoadForThisHost(options.policy, CurrentSurroundings(), timer));
  if (!options.quiet) SayWarnings(loaded);
  if (options.verbose) Say(NoteLine(loaded.Choice()));

  std::vector<std::string> answers;
  bool allowed = true;
  std::string text;
  for (const Question& question : options.questions) {
    AMBIT_TRY(const Explained one, Consider(loaded, question, files));
    allowed = allowed && one.answer.allowed;
    text += Text(loaded, one);
    answers.push_back(Json(one));
  }
  for (const ConnectQuestion& question : options.connects) {
    const ConnectAnswer one = AskConnect(loaded, question);
    allowed = allowed && one.allowed;
    text += Text(loaded, one);
    answers.push_back(Json(loaded, one));
  }
  for (const std::string& path : options.sockets) {
    AMBIT_TRY(const SocketAnswer one, AskSocket(loaded, path, files));
    allowed = allowed && one.decision.allowed;
    text += Text(loaded.policy, one);
    answers.push_back(Json(loaded.policy, one));
  }
  if (!Answer(options.json ? Json(loaded, answers) : text)) return kRefused;
  return allowed ? kSuccess : kNegative;
}

}  // namespace

int Explain(const Options& options) {
  const Result<int> status = ExplainOrRefuse(options);
  if (status) return *status;
  Say(ErrorLine(status.error()));
  return kRefused;
}

}  // namespace ambit::cli
