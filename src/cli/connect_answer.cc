#include "cli/connect_answer.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <utility>

#include "base/json_text.h"
#include "base/path_text.h"
#include "cli/report.h"

namespace ambit::cli {
namespace {

using policy::HostRule;
using policy::NetworkVerdict;
using Outcome = NetworkVerdict::Outcome;

std::string WithPlace(const std::string& text, const SourceRef& from) {
  const std::string place = ToString(from);
  return place.empty() ? text : text + "  (" + Printable(place) + ")";
}

std::string RuleText(std::string_view given, bool allow, bool managed) {
  return fmt::format("{}'{}' = \"{}\"", managed ? "managed " : "", Printable(given),
                     allow ? "allow" : "deny");
}

/// HOST or HOST:PORT; an IPv6 address stands in brackets. Without a port, the protocol's own.
Result<policy::Destination> ParseTarget(const ConnectQuestion& question) {
  std::string_view host = question.target;
  const std::size_t colon = host.rfind(':');
  const std::size_t bracket = host.rfind(']');
  const bool has_port =
      colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket);
  std::uint16_t port = question.protocol == policy::Protocol::kHttp ? 80 : 443;
  if (has_port) {
    const std::string_view digits = host.substr(colon + 1);
    const char* const end = digits.data() + digits.size();
    const auto [stop, error] = std::from_chars(digits.data(), end, port);
    if (error != std::errc() || stop != end) {
      return Fail(ErrorCode::kInvalidConfig,
                  fmt::format("'{}' is no port; give one from 1 to 65535", Printable(digits)));
    }
    host = host.substr(0, colon);
  }
  return policy::ParseDestination(host, port);
}

bool IsDenied(const NetworkVerdict& verdict) {
  return verdict.reason == policy::Reason::kDenied ||
         verdict.reason == policy::Reason::kPolicyDenied;
}

/// The hint of a verdict as lines for the file.
std::string HintLines(const config::Selected& selected, const std::string& hint) {
  constexpr std::string_view kDomains = "domains.";
  if (hint.starts_with(kDomains)) {
    return ProfileTable(selected, "network.domains") + hint.substr(kDomains.size()) + "\n";
  }
  return ProfileTable(selected, "network") + hint + "\n";
}

/// What it takes when the network is off: to switch it on, and what is then still missing.
Change SwitchOn(const config::Selected& selected, const policy::Destination& to,
                policy::Protocol protocol) {
  config::NetworkTable table = selected.profile.network;
  table.enabled = {true, {}};
  std::string lines = ProfileTable(selected, "network") + "enabled = true\n";
  std::vector<config::Notice> notices;
  const auto rules = policy::NetworkRules::Make(table, selected.managed_network, notices);
  if (rules) {
    const NetworkVerdict then = rules->Before(to, protocol);
    if (!then.allowed() && then.managed) return ManagedForbids(then.from);
    if (!then.allowed() && IsDenied(then)) {
      return {.text = "set enabled = true in the network table and remove " +
                      RuleText(then.rule, false, false) + " at " + ToString(then.from)};
    }
    if (!then.allowed() && !then.hint.empty()) lines += HintLines(selected, then.hint);
  }
  return Addition(selected, lines);
}

/// The destination is allowed, the request is not.
Change ToAllowRequest(const policy::HttpVerdict& verdict) {
  if (verdict.reason == policy::Reason::kMethodNotAllowed) {
    return {.text = "set mode = \"full\" in the network table, or give the host a hook"};
  }
  return {.text = "change the hook, or add one to 'network.mitm.hooks' that permits the request"};
}

Change ToAllow(const config::Selected& selected, const ConnectAnswer& answer,
               const policy::Destination& to) {
  const NetworkVerdict& verdict = answer.verdict;
  if (verdict.managed) return ManagedForbids(verdict.from);
  switch (verdict.reason) {
    case policy::Reason::kProxyDisabled:
      return SwitchOn(selected, to, answer.question.protocol);
    case policy::Reason::kDenied:
    case policy::Reason::kPolicyDenied:
      return {.text = "remove " + RuleText(verdict.rule, false, false) + " at " +
                      ToString(verdict.from) + "; no allow reopens what a deny covers"};
    case policy::Reason::kDnsFailed:
      return {.possible = false,
              .text = "nothing in the profile: the name has to lead to an address first"};
    case policy::Reason::kMitmRequired:
      if (answer.hooked) return {.text = "ask over TLS: with https, through CONNECT or port 443"};
      return {.text = "set mode = \"full\" in the network table"};
    case policy::Reason::kAllowed:
      return ToAllowRequest(answer.request.verdict);
    default:
      break;
  }
  return Addition(selected, HintLines(selected, verdict.hint));
}

Change ToDeny(const config::Selected& selected, const ConnectAnswer& answer,
              const policy::Destination& to) {
  const NetworkVerdict& verdict = answer.verdict;
  const std::string host = to.HostText();
  if (!verdict.managed && verdict.rule == host && verdict.from.line != 0) {
    return {.text = "change " + RuleText(verdict.rule, true, false) + " at " +
                    ToString(verdict.from) + " to \"deny\""};
  }
  return Addition(selected,
                  ProfileTable(selected, "network.domains") + JsonString(host) + " = \"deny\"\n");
}

/// All rules that cover the destination, without the one that decided.
std::vector<const HostRule*> Beaten(const policy::NetworkRules& rules,
                                    const policy::Destination& to, const NetworkVerdict& verdict) {
  std::vector<const HostRule*> out = rules.Covering(to);
  std::erase_if(out, [&](const HostRule* rule) {
    return rule->given == verdict.rule && rule->from == verdict.from;
  });
  return out;
}

std::string Addresses(const std::vector<IpAddress>& addresses) {
  std::vector<std::string> out;
  for (const IpAddress& address : addresses) out.push_back(JsonString(address.Text()));
  return fmt::format("{}", fmt::join(out, ","));
}

std::string JsonRule(std::string_view given, bool allow, bool managed, const SourceRef& from) {
  return fmt::format(
      "{{\"kind\":\"host\",\"given\":{},\"access\":\"{}\",\"origin\":\"{}\",\"from\":{}}}",
      JsonString(given), allow ? "allow" : "deny", managed ? "managed" : "entry",
      JsonString(ToString(from)));
}

std::string JsonDecider(const ConnectAnswer& answer) {
  const NetworkVerdict& verdict = answer.verdict;
  if (verdict.rule.empty()) return "null";
  return JsonRule(verdict.rule, !IsDenied(verdict), verdict.managed, verdict.from);
}

}  // namespace

ConnectAnswer AskConnect(const Loaded& loaded, const ConnectQuestion& question) {
  ConnectAnswer out;
  out.question = question;
  out.target = question.target;
  const auto to = ParseTarget(question);
  if (!to) {
    out.verdict.reason = policy::Reason::kBadRequest;
    out.verdict.detail = to.error().message;
    out.change = {.possible = false, .text = "no rule can allow it: it names no host and port"};
    return out;
  }
  out.target = to->Text();
  if (loaded.policy.unrestricted) {
    out.allowed = true;
    out.verdict.outcome = Outcome::kDial;
    out.verdict.reason = policy::Reason::kAllowed;
    out.verdict.detail =
        fmt::format("profile '{}' has no sandbox", Printable(loaded.policy.profile));
    out.change = {.text = "use a profile that has a sandbox, for example -P :workspace"};
    return out;
  }
  const policy::NetworkRules& rules = loaded.policy.network.rules;
  out.verdict = rules.Before(*to, question.protocol);
  if (out.verdict.outcome == Outcome::kResolve && !question.resolves) {
    out.open = true;
  } else {
    const std::vector<IpAddress> resolved = question.resolves.value_or(std::vector<IpAddress>{});
    out.verdict = rules.After(*to, question.protocol, resolved, {}, out.dial);
  }
  out.allowed = out.verdict.allowed();
  out.hooked = rules.http().IsHooked(*to);
  if (out.allowed) {
    out.request = AskRequest(rules.http(), *to, question);
    out.allowed = out.request.allowed();
  }
  out.beaten = Beaten(rules, *to, out.verdict);
  out.change = out.allowed ? ToDeny(loaded.selected, out, *to) : ToAllow(loaded.selected, out, *to);
  return out;
}

std::string Reason(const ConnectAnswer& answer) {
  const NetworkVerdict& verdict = answer.verdict;
  const std::string why = fmt::format("{}: {}", ToWord(verdict.reason), verdict.detail);
  if (verdict.rule.empty()) return WithPlace(why, verdict.from);
  return WithPlace(RuleText(verdict.rule, !IsDenied(verdict), verdict.managed), verdict.from) +
         (verdict.allowed() ? "" : "; " + why);
}

std::string Text(const Loaded& loaded, const ConnectAnswer& answer) {
  std::string out =
      fmt::format("{:<6} {:<7} {} over {}\n", answer.allowed ? "allow" : "deny", "connect",
                  Printable(answer.target), ToWord(answer.question.protocol));
  const auto line = [&out](std::string_view label, const std::string& text) {
    out += fmt::format("  {:<12} {}\n", label, OneLine(text));
  };
  line("decided by", Reason(answer));
  for (const HostRule* const rule : answer.beaten) {
    line("over", WithPlace(RuleText(rule->given, rule->allow, rule->managed), rule->from));
  }
  if (answer.open) {
    line("not resolved",
         "it stays allowed while the name leads to addresses that no deny covers, and to public "
         "ones unless allow_local_binding = true; --resolves states them");
  }
  if (answer.verdict.outcome == Outcome::kNoAddress) line("but", answer.verdict.detail);
  if (!answer.dial.empty()) {
    std::string addresses;
    for (const IpAddress& address : answer.dial) {
      addresses += (addresses.empty() ? "" : ", ") + address.Text();
    }
    line("dials", addresses);
  }
  for (const auto& [label, text] : Lines(answer.request, loaded.policy.network.rules.http())) {
    line(label, text);
  }
  line(answer.allowed ? "to deny it" : "to allow it", answer.change.text);
  return out + Indented(answer.change.toml, "                 ");
}

std::string Json(const Loaded& loaded, const ConnectAnswer& answer) {
  const NetworkVerdict& verdict = answer.verdict;
  const bool by_request = !answer.request.allowed();
  const policy::HttpVerdict& request = answer.request.verdict;
  std::vector<std::string> beaten;
  for (const HostRule* const rule : answer.beaten) {
    beaten.push_back(JsonRule(rule->given, rule->allow, rule->managed, rule->from));
  }
  const Change& change = answer.change;
  return fmt::format(
      "{{\"asked\":{},\"destination\":{},\"access\":\"connect\",\"protocol\":\"{}\","
      "\"allowed\":{},\"reason\":\"{}\",\"detail\":{},\"resolved\":{},\"dial\":[{}],\"rule\":{},"
      "\"beaten\":[{}],\"interception\":\"{}\",\"request\":{},\"change\":{{\"possible\":{},"
      "\"managed\":{},\"text\":{},\"toml\":{}}}}}",
      JsonString(answer.question.target), JsonString(answer.target),
      ToWord(answer.question.protocol), answer.allowed,
      ToWord(by_request ? request.reason : verdict.reason),
      JsonString(by_request ? request.detail : verdict.detail), !answer.open,
      Addresses(answer.dial), JsonDecider(answer), fmt::join(beaten, ","),
      ToWord(answer.request.interception), Json(answer.request, loaded.policy.network.rules.http()),
      change.possible, change.managed, JsonString(change.text), JsonString(change.toml));
}

}  // namespace ambit::cli
