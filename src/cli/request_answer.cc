#include "cli/request_answer.h"

#include <fmt/format.h>

#include <array>

#include "base/json_text.h"
#include "base/path_text.h"

namespace ambit::cli {
namespace {

using policy::Interception;

std::string SourceText(const policy::SecretPlace& place) {
  return fmt::format("{} '{}'", place.is_file ? "the file" : "the variable", Printable(place.text));
}

/// What the hook's actions change, for people.
std::string Changes(const policy::HttpHook& hook, const policy::HttpRules& rules) {
  std::string out;
  const auto add = [&out](const std::string& text) { out += (out.empty() ? "" : ", ") + text; };
  for (const std::string& name : hook.strip) add("strips " + name);
  for (const policy::HeaderInjection& injection : hook.inject) {
    add(fmt::format("injects {} from {}", injection.name,
                    SourceText(rules.secrets()[injection.secret])));
  }
  if (hook.signing) {
    add(fmt::format("signs for {} in {} with {} where '{}' has signed", hook.signing->service,
                    hook.signing->region, SourceText(rules.secrets()[hook.signing->access_key_id]),
                    hook.signing->placeholder));
  }
  if (!hook.body) return out;
  for (const policy::BodyPlaceholder& placeholder : hook.body->placeholders) {
    add(fmt::format("puts {} in the place of '{}' in the body, of at most {} bytes",
                    SourceText(rules.secrets()[placeholder.secret]), placeholder.text,
                    hook.body->max_bytes));
  }
  return out;
}

std::string WithPlace(const std::string& text, const SourceRef& from) {
  const std::string place = ToString(from);
  return place.empty() ? text : text + "  (" + Printable(place) + ")";
}

}  // namespace

RequestAnswer AskRequest(const policy::HttpRules& rules, const policy::Destination& to,
                         const ConnectQuestion& question) {
  RequestAnswer out;
  out.interception = rules.InterceptionFor(to);
  out.asked = question.method || question.path;
  if (!out.asked) return out;
  out.method = question.method.value_or("GET");
  out.path = question.path.value_or("/");
  const bool secure = question.protocol != policy::Protocol::kHttp;
  // Nobody decides on what nobody sees.
  if (secure && out.interception != Interception::kRequired) return out;
  out.verdict = rules.Decide(to, {.method = out.method, .target = out.path, .secure = secure});
  return out;
}

std::string_view ToWord(Interception interception) {
  constexpr std::array<std::string_view, 3> kWords = {"none", "tls", "every request"};
  return kWords[static_cast<std::size_t>(interception)];
}

std::vector<std::pair<std::string, std::string>> Lines(const RequestAnswer& answer,
                                                       const policy::HttpRules& rules) {
  std::vector<std::pair<std::string, std::string>> out;
  if (answer.interception == Interception::kRequired) {
    out.emplace_back("looked into", "every request, and what is no HTTP is refused");
  } else if (answer.interception == Interception::kOffered) {
    out.emplace_back("looked into", "TLS, to put credentials in and take them out of answers");
  }
  if (!answer.asked) return out;
  const policy::HttpVerdict& verdict = answer.verdict;
  std::string text = fmt::format("{} {}: {}", Printable(answer.method), Printable(answer.path),
                                 verdict.allowed() ? "allow" : "deny");
  if (!verdict.detail.empty()) text += fmt::format(", {}", verdict.detail);
  if (verdict.allowed() && verdict.hook != nullptr) {
    text += fmt::format(" by hook '{}', which {}", Printable(verdict.hook->name),
                        Changes(*verdict.hook, rules));
  }
  out.emplace_back("request", WithPlace(text, verdict.from));
  return out;
}

std::string Json(const RequestAnswer& answer, const policy::HttpRules& rules) {
  if (!answer.asked) return "null";
  const policy::HttpVerdict& verdict = answer.verdict;
  const bool acts = verdict.allowed() && verdict.hook != nullptr;
  return fmt::format(
      "{{\"method\":{},\"path\":{},\"allowed\":{},\"reason\":\"{}\",\"hook\":{},\"from\":{},"
      "\"detail\":{},\"changes\":{}}}",
      JsonString(answer.method), JsonString(answer.path), verdict.allowed(),
      policy::ToWord(verdict.reason), verdict.rule.empty() ? "null" : JsonString(verdict.rule),
      JsonString(ToString(verdict.from)), JsonString(verdict.detail),
      JsonString(acts ? Changes(*verdict.hook, rules) : ""));
}

}  // namespace ambit::cli
