#include "policy/http_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/ascii.h"
#include "base/path_text.h"

namespace ambit::policy {
namespace {

/// Frameworks take the method from these, whatever the request line says.
constexpr std::string_view kOtherMethods[] = {"x-http-method-override", "x-http-method",
                                              "x-method-override"};

/// The field that names another method and that `asked_for` does not know of, or "".
std::string_view OtherMethod(std::span<const Field> fields,
                             const std::map<std::string, std::vector<TextPattern>>& asked_for) {
  for (const Field& field : fields) {
    for (const std::string_view name : kOtherMethods) {
      if (EqualsIgnoreCase(field.name, name) && !asked_for.contains(std::string(name))) return name;
    }
  }
  return "";
}

bool MatchesAny(const std::vector<TextPattern>& patterns, std::string_view text) {
  return std::ranges::any_of(patterns, [text](const TextPattern& p) { return p.Matches(text); });
}

/// How far a hook goes along with a request; a later one was nearer to matching.
enum class Misfit : std::uint8_t { kPort, kMethod, kPath, kQuery, kHeaders, kOverride, kNone };

std::string_view ToWords(Misfit misfit) {
  constexpr std::array<std::string_view, 6> kWords = {
      "is for other ports",  "takes other methods", "takes other paths",
      "wants another query", "wants other headers", "takes no header that names another method"};
  return kWords[static_cast<std::size_t>(misfit)];
}

/// Every value that the request gives to a key has to fit: which one a server takes is its own
/// affair.
bool QueryFits(const HttpHook& hook, std::string_view query) {
  if (hook.query.empty()) return true;
  const auto pairs = QueryPairs(query);
  return std::ranges::all_of(hook.query, [&pairs](const auto& wanted) {
    const auto& [key, values] = wanted;
    bool found = false;
    for (const auto& [name, value] : pairs) {
      if (name != key) continue;
      if (!MatchesAny(values, value)) return false;
      found = true;
    }
    return found;
  });
}

bool HeadersFit(const HttpHook& hook, std::span<const Field> fields) {
  return std::ranges::all_of(hook.headers, [fields](const auto& wanted) {
    const auto& [name, values] = wanted;
    bool found = false;
    for (const Field& field : fields) {
      if (!EqualsIgnoreCase(field.name, name)) continue;
      if (!values.empty() && !MatchesAny(values, field.value)) return false;
      found = true;
    }
    return found;
  });
}

Misfit Compare(const HttpHook& hook, std::uint16_t port, const HttpRequest& request,
               std::string_view path, std::string_view query) {
  if (!hook.ports.empty() && std::ranges::find(hook.ports, port) == hook.ports.end()) {
    return Misfit::kPort;
  }
  if (std::ranges::find(hook.methods, request.method) == hook.methods.end()) return Misfit::kMethod;
  if (HasDotSegments(path) || !MatchesAny(hook.paths, path)) return Misfit::kPath;
  if (!QueryFits(hook, query)) return Misfit::kQuery;
  if (!HeadersFit(hook, request.fields)) return Misfit::kHeaders;
  return OtherMethod(request.fields, hook.headers).empty() ? Misfit::kNone : Misfit::kOverride;
}

/// The first header that should hold a placeholder and does not.
const HeaderInjection* WithoutPlaceholder(const HttpHook& hook, std::span<const Field> fields) {
  for (const HeaderInjection& injection : hook.inject) {
    if (!injection.placeholder) continue;
    const std::string wanted = injection.prefix + *injection.placeholder;
    bool found = false;
    bool other = false;
    for (const Field& field : fields) {
      if (!EqualsIgnoreCase(field.name, injection.name)) continue;
      found = true;
      other = other || field.value != wanted;
    }
    if (!found || other) return &injection;
  }
  return nullptr;
}

std::string PortProblem(std::optional<std::uint16_t> wanted, std::uint16_t port) {
  return !wanted || *wanted == port ? "" : fmt::format("takes requests to port {} only", *wanted);
}

/// Why nothing can be replaced in a body, or "".
std::string BodyProblem(const HttpRequest& request) {
  if (!request.has_body) return "";
  if (HasContentCoding(request.fields)) return "takes no body with a content coding";
  const bool trailer = std::ranges::any_of(
      request.fields, [](const Field& field) { return EqualsIgnoreCase(field.name, "trailer"); });
  return trailer ? "takes no body with trailers" : "";
}

/// Why the hook can not do to the request what it does, as far as its head tells, or "".
std::string EditProblem(const HttpHook& hook, std::uint16_t port, const HttpRequest& request) {
  if (hook.signing) return PortProblem(hook.signing->port, port);
  if (!hook.body) return "";
  std::string problem = PortProblem(hook.body->port, port);
  return problem.empty() ? BodyProblem(request) : problem;
}

bool IsReading(std::string_view method) {
  return method == "GET" || method == "HEAD" || method == "OPTIONS";
}

HttpVerdict Refuse(Reason reason, SourceRef from, std::string detail) {
  HttpVerdict out;
  out.reason = reason;
  out.from = std::move(from);
  out.detail = std::move(detail);
  return out;
}

}  // namespace

std::string_view ToWord(Reason reason) {
  constexpr std::array<std::string_view, 11> kWords = {
      "allowed",        "not_allowed",     "not_allowed_local",
      "denied",         "dns_failed",      "policy_denied",
      "proxy_disabled", "bad_request",     "method_not_allowed",
      "mitm_required",  "mitm_hook_denied"};
  return kWords[static_cast<std::size_t>(reason)];
}

bool IsHttpToken(std::string_view word) {
  constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  return !word.empty() && std::ranges::all_of(word, [kMarks](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           kMarks.find(c) != std::string_view::npos;
  });
}

bool HttpRules::IsHooked(const Destination& to) const {
  return std::ranges::any_of(hooks_, [&to](const HttpHook& hook) { return hook.host == to.host; });
}

bool HttpRules::IsExcluded(const Destination& to) const {
  return std::ranges::any_of(
      exclude_, [&to](const HostPattern& pattern) { return AllowCovers(pattern, to); });
}

bool HttpRules::HasDummy(std::size_t secret) const {
  return std::ranges::any_of(credentials_,
                             [secret](const auto& one) { return one.secret == secret; }) ||
         std::ranges::any_of(hooks_, [secret](const HttpHook& hook) {
           return hook.signing && hook.signing->Uses(secret);
         });
}

std::vector<const CredentialRule*> HttpRules::CredentialsFor(const Destination& to) const {
  std::vector<const CredentialRule*> out;
  for (const CredentialRule& credential : credentials_) {
    const bool bound = std::ranges::any_of(credential.hosts, [&to](const Destination& host) {
      return host.host == to.host && host.port == to.port;
    });
    if (bound) out.push_back(&credential);
  }
  return out;
}

Interception HttpRules::InterceptionFor(const Destination& to) const {
  if (IsHooked(to)) return Interception::kRequired;
  if (IsExcluded(to)) return Interception::kNone;
  if (limited_) return Interception::kRequired;
  return CredentialsFor(to).empty() ? Interception::kNone : Interception::kOffered;
}

HttpVerdict HttpRules::DecideByHooks(const Destination& to, const HttpRequest& request,
                                     std::string_view path, std::string_view query) const {
  const HttpHook* nearest = nullptr;
  Misfit least = Misfit::kPort;
  for (const HttpHook& hook : hooks_) {
    if (hook.host != to.host) continue;
    const Misfit misfit = Compare(hook, to.port, request, path, query);
    if (misfit == Misfit::kNone) {
      HttpVerdict out;
      out.hook = &hook;
      out.rule = "mitm.hooks." + hook.name;
      out.from = hook.from;
      if (const HeaderInjection* const injection = WithoutPlaceholder(hook, request.fields)) {
        out.reason = Reason::kMitmHook;
        out.detail = fmt::format("hook '{}' wants its placeholder in the header '{}'",
                                 Printable(hook.name), injection->name);
        return out;
      }
      const std::string problem = EditProblem(hook, to.port, request);
      return problem.empty() ? out : RefuseEdit(hook, problem);
    }
    if (nearest == nullptr || misfit > least) {
      nearest = &hook;
      least = misfit;
    }
  }
  HttpVerdict out = Refuse(
      Reason::kMitmHook, nearest->from,
      fmt::format("no hook of '{}' permits {} {}: hook '{}' {}", to.HostText(),
                  Printable(request.method), Printable(path), Printable(nearest->name),
                  least == Misfit::kPath && HasDotSegments(path) ? "takes no path with dot segments"
                                                                 : ToWords(least)));
  out.rule = "mitm.hooks." + nearest->name;
  return out;
}

HttpVerdict HttpRules::RefuseEdit(const HttpHook& hook, std::string_view problem) {
  HttpVerdict out =
      Refuse(Reason::kMitmHook, hook.from,
             fmt::format("hook '{}' {} and {}", Printable(hook.name),
                         hook.signing ? "signs requests" : "replaces text in bodies", problem));
  out.rule = "mitm.hooks." + hook.name;
  return out;
}

/// R8.1 where no hook has its say.
HttpVerdict HttpRules::RefuseByMode(const HttpRequest& request) const {
  std::string what;
  if (!IsReading(request.method)) {
    what = fmt::format("the method '{}'", Printable(request.method));
  } else if (request.websocket) {
    what = "a WebSocket";
  } else if (!OtherMethod(request.fields, {}).empty()) {
    what = "a field that names another method";
  } else {
    return {};
  }
  return Refuse(Reason::kMethodNotAllowed, limited_from_, what + " is not allowed in limited mode");
}

HttpVerdict HttpRules::Decide(const Destination& to, const HttpRequest& request) const {
  const std::string_view target = request.target;
  const std::size_t mark = std::min(target.find('?'), target.size());
  const std::string_view path = mark == 0 ? "/" : target.substr(0, mark);
  const std::string_view query = target.substr(std::min(mark + 1, target.size()));
  const bool hooked = IsHooked(to);
  if (hooked && !request.secure) {
    return Refuse(
        Reason::kMitmRequired, {},
        fmt::format("'{}' has hooks, which hold for requests over TLS alone", to.HostText()));
  }
  if (limited_ && target.size() > max_target_) {
    return Refuse(
        Reason::kMethodNotAllowed, limited_from_,
        fmt::format("a request target of more than {} bytes is not allowed in limited mode",
                    max_target_));
  }
  if (limited_ && !allow_bodies_ && request.has_body && IsReading(request.method)) {
    return Refuse(Reason::kMethodNotAllowed, limited_from_,
                  "a request body is not allowed in limited mode");
  }
  if (hooked) return DecideByHooks(to, request, path, query);
  return limited_ ? RefuseByMode(request) : HttpVerdict{};
}

}  // namespace ambit::policy
