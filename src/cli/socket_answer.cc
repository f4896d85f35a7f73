#include "cli/socket_answer.h"

#include <fmt/format.h>

#include <utility>

#include "base/json_text.h"
#include "base/path_text.h"
#include "cli/answer.h"
#include "cli/report.h"

namespace ambit::cli {
namespace {

using policy::SocketDecision;
using policy::SocketReason;

std::string WithPlace(const std::string& text, const SourceRef& from) {
  const std::string place = ToString(from);
  return place.empty() ? text : text + "  (" + Printable(place) + ")";
}

std::string RuleText(const policy::SocketRule& rule) {
  return fmt::format("{}'{}' = \"{}\"", rule.managed ? "managed " : "", Printable(rule.given),
                     rule.allow ? "allow" : "deny");
}

/// One word for machines.
std::string_view ToWord(SocketReason reason) {
  switch (reason) {
    case SocketReason::kNoSandbox:
      return "no_sandbox";
    case SocketReason::kOwn:
      return "own";
    case SocketReason::kNetworkOff:
      return "network_off";
    case SocketReason::kDenied:
      return "denied";
    case SocketReason::kClosedFile:
      return "closed_file";
    case SocketReason::kAllowed:
      return "allowed";
    case SocketReason::kReplaced:
      return "replaced";
    case SocketReason::kAll:
      return "all";
    case SocketReason::kWorkspace:
      return "workspace";
    case SocketReason::kRisk:
      return "risk";
    case SocketReason::kAbstract:
      return "abstract";
    case SocketReason::kNoRule:
      return "not_allowed";
  }
  return "";
}

/// The lines that allow one socket.
std::string AllowLines(const config::Selected& selected, const std::string& path) {
  const bool on = selected.profile.network.enabled && selected.profile.network.enabled->value;
  const std::string value = policy::RiskOfSocket(path).empty()
                                ? "\"allow\""
                                : "{ access = \"allow\", acknowledge_risk = true }";
  return (on ? "" : ProfileTable(selected, "network") + "enabled = true\n") +
         ProfileTable(selected, "network.unix_sockets") + JsonString(path) + " = " + value + "\n";
}

Change ChangeOf(const config::Selected& selected, const std::string& path,
                const policy::SocketRule& rule) {
  if (rule.managed) return ManagedForbids(rule.from);
  if (rule.from.line == 0) return Addition(selected, AllowLines(selected, path));
  return {.text = "remove " + RuleText(rule) + " at " + ToString(rule.from) +
                  "; no allow reopens what a deny covers"};
}

std::string JsonRule(const SocketDecision& decision) {
  if (decision.rule == nullptr) return "null";
  const policy::SocketRule& rule = *decision.rule;
  return fmt::format(
      "{{\"kind\":\"socket\",\"given\":{},\"path\":{},\"access\":\"{}\",\"origin\":\"{}\","
      "\"from\":{}}}",
      JsonString(rule.given), JsonString(rule.path), rule.allow ? "allow" : "deny",
      rule.managed ? "managed" : "entry", JsonString(ToString(rule.from)));
}

}  // namespace

Result<SocketAnswer> AskSocket(const Loaded& loaded, const std::string& path,
                               const FileView& files) {
  SocketAnswer out;
  out.asked = path;
  AMBIT_TRY(const Answered file, Ask(loaded, {false, path}, files));
  out.path = file.path;
  out.file = file.decision;
  policy::SocketFacts facts{.path = out.path.path};
  if (out.path.kind != FileKind::kMissing) {
    AMBIT_TRY(const FileInfo info, files.Lstat(out.path.path));
    facts.dev = info.dev;
    facts.ino = info.ino;
  }
  out.decision = policy::DecideSocket(loaded.policy, facts, out.file);
  out.change = SocketChange(loaded.selected, out.path.path, out.decision, out.file);
  return out;
}

SourceRef SocketRulePlace(const SocketDecision& decision, const policy::Decision& file) {
  if (decision.rule != nullptr) return decision.rule->from;
  if (decision.reason != SocketReason::kClosedFile) return {};
  if (file.pattern != nullptr) return file.pattern->from;
  return file.rule != nullptr ? file.rule->from : SourceRef{};
}

std::string Reason(const policy::Policy& policy, const SocketDecision& decision,
                   const policy::Decision& file) {
  switch (decision.reason) {
    case SocketReason::kNoSandbox:
    case SocketReason::kClosedFile:
      return Reason(policy, file);
    case SocketReason::kOwn:
      return "the command made it itself";
    case SocketReason::kNetworkOff:
      return "the network is off, and with it every socket of the host";
    case SocketReason::kDenied:
    case SocketReason::kAllowed:
      break;
    case SocketReason::kReplaced:
      return WithPlace(
          "it is not the socket that " + RuleText(*decision.rule) + " found at the start",
          decision.rule->from);
    case SocketReason::kAll:
      return WithPlace("'dangerously_allow_all_unix_sockets' = true", policy.sockets.all_from);
    case SocketReason::kWorkspace:
      return "it lies in the workspace, and the profile names no sockets";
    case SocketReason::kRisk:
      return "it lies in the workspace, but it usually gives control of the host";
    case SocketReason::kAbstract:
      return "abstract sockets are closed";
    case SocketReason::kNoRule:
      return "no rule allows this socket, so it is denied";
  }
  return decision.rule == nullptr ? "" : WithPlace(RuleText(*decision.rule), decision.rule->from);
}

Change SocketChange(const config::Selected& selected, const std::string& path,
                    const SocketDecision& decision, const policy::Decision& file) {
  switch (decision.reason) {
    case SocketReason::kNoSandbox:
      return {.text = "use a profile that has a sandbox, for example -P :workspace"};
    case SocketReason::kClosedFile: {
      const SourceRef from = SocketRulePlace(decision, file);
      const std::string place = from.line == 0 ? "" : " at " + ToString(from);
      return {.text = "the file rule" + place + " closes it; remove that first"};
    }
    case SocketReason::kAbstract:
      return {.possible = false,
              .text = "no rule can: have the server use a socket file, and allow that"};
    case SocketReason::kReplaced:
      return {.possible = false, .text = "start the command anew: then the socket is found again"};
    case SocketReason::kDenied:
      return ChangeOf(selected, path, *decision.rule);
    case SocketReason::kNetworkOff:
    case SocketReason::kRisk:
    case SocketReason::kNoRule:
      return Addition(selected, AllowLines(selected, path));
    default:
      return Addition(selected, ProfileTable(selected, "network.unix_sockets") + JsonString(path) +
                                    " = \"deny\"\n");
  }
}

std::string Text(const policy::Policy& policy, const SocketAnswer& answer) {
  const bool allowed = answer.decision.allowed;
  std::string out = fmt::format("{:<6} {:<6} {}\n", allowed ? "allow" : "deny", "unix",
                                Printable(answer.path.path));
  const auto line = [&out](std::string_view label, const std::string& text) {
    out += fmt::format("  {:<12} {}\n", label, OneLine(text));
  };
  line("decided by", Reason(policy, answer.decision, answer.file));
  if (answer.path.kind == FileKind::kMissing) line("but", "nothing is there now");
  if (answer.path.kind != FileKind::kMissing && answer.path.kind != FileKind::kSocket) {
    line("but", "what is there is no socket");
  }
  const std::string_view risk = policy::RiskOfSocket(answer.path.path);
  if (!risk.empty()) line("risk", std::string(risk));
  line(allowed ? "to deny it" : "to allow it", answer.change.text);
  return out + Indented(answer.change.toml, "                 ");
}

std::string Json(const policy::Policy& policy, const SocketAnswer& answer) {
  const Change& change = answer.change;
  return fmt::format(
      "{{\"asked\":{},\"path\":{},\"access\":\"unix\",\"allowed\":{},\"reason\":\"{}\","
      "\"detail\":{},\"risk\":{},\"rule\":{},\"beaten\":[],"
      "\"change\":{{\"possible\":{},\"managed\":{},\"text\":{},\"toml\":{}}}}}",
      JsonString(answer.asked), JsonString(answer.path.path), answer.decision.allowed,
      ToWord(answer.decision.reason), JsonString(Reason(policy, answer.decision, answer.file)),
      JsonString(policy::RiskOfSocket(answer.path.path)), JsonRule(answer.decision),
      change.possible, change.managed, JsonString(change.text), JsonString(change.toml));
}

}  // namespace ambit::cli
