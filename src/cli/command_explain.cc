#include <fmt/format.h>

#include <string>
#include <utility>
#include <vector>

#include "base/json_text.h"
#include "base/path_text.h"
#include "cli/command.h"
#include "cli/exit_status.h"
#include "cli/load.h"
#include "cli/report.h"
#include "cli/smallest_change.h"
#include "os/disk_view.h"

namespace ambit::cli {
namespace {

using policy::Access;

/// One question with everything that is said about it.
struct Explained {
  Question question;
  RealPath path;
  policy::Decision decision;
  bool allowed = false;
  Change change;
};

/// A relative path is taken from the command's directory, as the command itself would.
Result<Explained> Consider(const Loaded& loaded, const Question& question, const FileView& files) {
  Explained out;
  out.question = question;
  const std::string& text = question.path;
  const std::string absolute =
      FoldPath(text.starts_with('/') ? text : JoinPath(loaded.policy.cwd, text));
  AMBIT_TRY(out.path, ResolveRealPath(files, absolute));
  out.decision = policy::Explain(loaded.policy, out.path.path);
  out.allowed = out.decision.access >= (question.write ? Access::kWrite : Access::kRead);
  out.change =
      SmallestChange(loaded.selected, loaded.policy, out.decision, out.path, question.write);
  return out;
}

std::string_view Verb(const Question& question) { return question.write ? "write" : "read"; }

std::string WithPlace(const std::string& text, const SourceRef& from) {
  const std::string place = ToString(from);
  return place.empty() ? text : text + "  (" + Printable(place) + ")";
}

std::string Reason(const policy::Policy& policy, const policy::Decision& decision) {
  if (policy.unrestricted) return "profile '" + Printable(policy.profile) + "' has no sandbox";
  if (decision.pattern != nullptr) {
    const policy::PatternRule& pattern = *decision.pattern;
    const bool managed = pattern.origin == policy::Origin::kManaged;
    return WithPlace((managed ? "managed pattern '" : "pattern '") + Printable(pattern.given) +
                         "' = \"deny\" below " + Printable(pattern.base),
                     pattern.from);
  }
  if (decision.rule != nullptr) return WithPlace(RuleText(*decision.rule), decision.rule->from);
  return "no rule covers it, so it is denied";
}

std::string Indented(std::string_view text, std::string_view indent) {
  std::string out;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    out += fmt::format("{}{}\n", indent, text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return out;
}

std::string Text(const Loaded& loaded, const Explained& one) {
  std::string out = fmt::format("{:<6} {:<6} {}\n", one.allowed ? "allow" : "deny",
                                Verb(one.question), Printable(one.path.path));
  const auto line = [&out](std::string_view label, const std::string& text) {
    out += fmt::format("  {:<12} {}\n", label, OneLine(text));
  };
  line("decided by", Reason(loaded.policy, one.decision));
  for (const policy::PathRule* beaten : one.decision.beaten) {
    line("over", WithPlace(RuleText(*beaten), beaten->from));
  }
  line(one.allowed ? "to deny it" : "to allow it", one.change.text);
  return out + Indented(one.change.toml, "                 ");
}

std::string JsonRule(const policy::PathRule& rule) {
  constexpr std::string_view kOrigins[] = {"entry", "protected", "managed"};
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
  std::vector<std::string> beaten;
  for (const policy::PathRule* rule : one.decision.beaten) beaten.push_back(JsonRule(*rule));
  return fmt::format(
      "{{\"asked\":{},\"path\":{},\"access\":{},\"allowed\":{},\"rule\":{},\"beaten\":[{}],"
      "\"change\":{{\"possible\":{},\"managed\":{},\"text\":{},\"toml\":{}}}}}",
      JsonString(one.question.path), JsonString(one.path.path), JsonString(Verb(one.question)),
      one.allowed, JsonReason(one.decision), fmt::join(beaten, ","), one.change.possible,
      one.change.managed, JsonString(one.change.text), JsonString(one.change.toml));
}

std::string Json(const Loaded& loaded, const std::vector<Explained>& all) {
  std::vector<std::string> answers;
  for (const Explained& one : all) answers.push_back(Json(one));
  return fmt::format("{{\"v\":1,\"profile\":{},\"unrestricted\":{},\"answers\":[\n{}\n]}}\n",
                     JsonString(loaded.policy.profile), loaded.policy.unrestricted,
                     fmt::join(answers, ",\n"));
}

Result<int> ExplainOrRefuse(const Options& options) {
  StepTimer timer;
  const os::DiskView files;
  AMBIT_TRY(const Loaded loaded, LoadPolicy(options.policy, CurrentSurroundings(), files, timer));
  if (!options.quiet) SayWarnings(loaded);
  if (options.verbose) Say(NoteLine(loaded.Choice()));

  std::vector<Explained> all;
  bool allowed = true;
  std::string text;
  for (const Question& question : options.questions) {
    AMBIT_TRY(Explained one, Consider(loaded, question, files));
    allowed = allowed && one.allowed;
    text += Text(loaded, one);
    all.push_back(std::move(one));
  }
  if (!Answer(options.json ? Json(loaded, all) : text)) return kRefused;
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
