#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <utility>

#include "base/ascii.h"
#include "base/path_text.h"
#include "config/table_reader.h"
#include "policy/http_rules.h"

namespace ambit::policy {
namespace {

using config::MitmActionTable;
using config::MitmHookTable;
using config::Placed;

bool IsTrue(const std::optional<Placed<bool>>& value) { return value && value->value; }

std::string Quoted(std::string_view text) { return "'" + Printable(text) + "'"; }

std::unexpected<Error> Refuse(std::string message, const SourceRef& from) {
  return Fail(ErrorCode::kInvalidConfig, std::move(message), from);
}

/// Headers that frame a message or belong to one hop, and the one that says who is asking.
bool IsFixed(std::string_view lower) {
  static constexpr std::string_view kFixed[] = {
      "host", "content-length",   "transfer-encoding",   "connection", "keep-alive",
      "te",   "proxy-connection", "proxy-authorization", "trailer",    "upgrade"};
  return std::ranges::find(kFixed, lower) != std::end(kFixed);
}

/// What may stand in a header (RFC 9110 §5.5), without blanks around it.
bool IsFieldText(std::string_view text) {
  return std::ranges::all_of(text, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte >= 0x20 && byte != 0x7f) || c == '\t';
  });
}

/// Variables that many programs agree on, and where their values are meant to go.
struct KnownVariable {
  std::string_view name;
  std::array<std::string_view, 3> hosts;
};
constexpr KnownVariable kKnownVariables[] = {
    {"GH_TOKEN", {"api.github.com", "github.com", "uploads.github.com"}},
    {"GITHUB_TOKEN", {"api.github.com", "github.com", "uploads.github.com"}},
    {"OPENAI_API_KEY", {"api.openai.com", "", ""}},
};

constexpr std::uint16_t kTlsPort = 443;
constexpr std::size_t kLeastPlaceholder = 16;
constexpr std::size_t kMostPlaceholder = 256;

bool IsPlaceholder(std::string_view text) {
  return text.size() >= kLeastPlaceholder && text.size() <= kMostPlaceholder &&
         std::ranges::all_of(text, [](char c) { return c > 0x20 && c < 0x7f; });
}

/// Whether both could stand in one text and share a character.
bool Overlap(std::string_view a, std::string_view b) {
  if (a.size() < b.size()) std::swap(a, b);
  if (a.find(b) != std::string_view::npos) return true;
  for (std::size_t size = 1; size < b.size(); ++size) {
    if (a.ends_with(b.substr(0, size)) || b.ends_with(a.substr(0, size))) return true;
  }
  return false;
}

/// One host, without wildcards; `given` may name a port where `with_port`.
struct ExactHost {
  std::variant<HostName, IpAddress> host;
  std::uint16_t port = 0;  ///< 0: none is named.
};
Result<ExactHost> ParseExactHost(const Placed<std::string>& given, const std::string& what,
                                 bool with_port) {
  const auto pattern = ParseHostPattern(given.value, true);
  if (!pattern) return Refuse(pattern.error().message, given.from);
  const bool name = pattern->kind == PatternKind::kName && !pattern->has_wildcards;
  if (!name && pattern->kind != PatternKind::kAddress) {
    return Refuse(what + " must name one host, and " + Quoted(given.value) +
                      " stands for several; write one entry for each",
                  given.from);
  }
  if (pattern->has_ports && (!with_port || pattern->ports.low != pattern->ports.high)) {
    return Refuse(what + " takes a host without ports, not " + Quoted(given.value) +
                      (with_port ? "; one port may follow it" : "; say ports = [...] beside it"),
                  given.from);
  }
  ExactHost out;
  if (name) {
    out.host = HostName{pattern->name};
  } else {
    out.host = pattern->range.base;
  }
  if (pattern->has_ports) out.port = pattern->ports.low;
  return out;
}

}  // namespace

/// Turns the tables of one profile into checked rules.
class HttpRulesMaker {
 public:
  HttpRulesMaker(const config::NetworkTable& table, const HttpRules::IsGranted& is_granted,
                 std::vector<config::Notice>& notices)
      : table_(table), is_granted_(is_granted), notices_(notices) {}

  Result<HttpRules> Make() {
    AddMode();
    AMBIT_CHECK(AddExcluded());
    for (const MitmHookTable* const hook : HooksInOrder()) AMBIT_CHECK(AddHook(*hook));
    AMBIT_CHECK(CheckActionsUsed());
    for (const auto& [id, credential] : table_.credentials) {
      AMBIT_CHECK(AddCredential(id, credential));
    }
    AMBIT_CHECK(CheckStrict());
    return std::move(out_);
  }

 private:
  void AddMode() {
    out_.limited_ = table_.mode && table_.mode->value == "limited";
    if (table_.mode) out_.limited_from_ = table_.mode->from;
    out_.strict_ = IsTrue(table_.strict_hooks);
    out_.allow_bodies_ = IsTrue(table_.limited_allow_bodies);
    if (table_.limited_max_target_bytes) {
      out_.max_target_ = static_cast<std::size_t>(table_.limited_max_target_bytes->value);
    }
    if (out_.limited_) return;
    for (const auto* const from :
         {table_.limited_allow_bodies ? &table_.limited_allow_bodies->from : nullptr,
          table_.limited_max_target_bytes ? &table_.limited_max_target_bytes->from : nullptr}) {
      if (from == nullptr) continue;
      notices_.push_back(
          {"the keys of 'network.limited' have no effect without mode = \"limited\"", *from});
      return;
    }
  }

  Result<> AddExcluded() {
    for (const auto& given : table_.mitm.exclude) {
      auto pattern = ParseHostPattern(given.value, true);
      if (!pattern) return Refuse(pattern.error().message, given.from);
      if (out_.limited_) {
        notices_.push_back({"what " + Quoted(given.value) +
                                " covers is never looked into, so limited mode does not hold for "
                                "connections to it",
                            given.from});
      }
      out_.exclude_.push_back(*std::move(pattern));
    }
    return {};
  }

  /// As written, where all are in one file; else by their names, which no order of files changes.
  [[nodiscard]] std::vector<const MitmHookTable*> HooksInOrder() const {
    std::vector<const MitmHookTable*> hooks;
    for (const MitmHookTable& hook : table_.mitm.hooks) hooks.push_back(&hook);
    const bool one_file = std::ranges::all_of(hooks, [&hooks](const MitmHookTable* hook) {
      return hook->from.file == hooks.front()->from.file;
    });
    if (one_file) {
      std::ranges::stable_sort(hooks, {}, [](const MitmHookTable* hook) {
        return std::pair(hook->from.line, hook->from.column);
      });
    }
    return hooks;
  }

  Result<> AddHook(const MitmHookTable& table) {
    const std::string what = "hook " + Quoted(table.name);
    if (table.body) {
      return Fail(ErrorCode::kUnsupported,
                  what + " compares bodies, which this version does not; remove 'body'",
                  *table.body);
    }
    HttpHook hook;
    hook.name = table.name;
    hook.from = table.from;
    AMBIT_CHECK(AddHost(table, what, hook));
    AMBIT_CHECK(AddMethods(table, what, hook));
    AMBIT_CHECK(AddPaths(table, what, hook));
    AMBIT_CHECK(AddQueryAndHeaders(table, what, hook));
    AMBIT_CHECK(AddSchemesAndPorts(table, what, hook));
    AMBIT_CHECK(AddActions(table, what, hook));
    if (hook.signing) AMBIT_CHECK(CheckSigning(what, hook));
    out_.hooks_.push_back(std::move(hook));
    return {};
  }

  Result<> AddHost(const MitmHookTable& table, const std::string& what, HttpHook& hook) {
    if (!table.host) return Refuse(what + " must say which host it is for; add 'host'", table.from);
    AMBIT_TRY(ExactHost exact, ParseExactHost(*table.host, "'host' of " + what, false));
    hook.host = std::move(exact.host);
    AMBIT_CHECK(CheckReachable(hook.host, table.host->value, what, table.host->from));
    return {};
  }

  /// R10.1, and that nothing is to be looked into and not to be at the same time.
  Result<> CheckReachable(const std::variant<HostName, IpAddress>& host, const std::string& given,
                          const std::string& what, const SourceRef& from) const {
    if (!is_granted_(host)) {
      return Refuse(what + " is for " + Quoted(given) +
                        ", which no rule of 'network.domains' allows; allow the host there, or "
                        "remove the entry",
                    from);
    }
    const Destination to{host, Spelling::kPlain, kTlsPort};
    if (out_.IsExcluded(to)) {
      return Refuse(what + " is for " + Quoted(given) +
                        ", which 'network.mitm.exclude' keeps from being looked into; remove one "
                        "of the two",
                    from);
    }
    return {};
  }

  static Result<> AddMethods(const MitmHookTable& table, const std::string& what, HttpHook& hook) {
    if (table.methods.empty()) {
      return Refuse(what + " must list the methods it takes, such as methods = [\"GET\"]",
                    table.from);
    }
    for (const auto& method : table.methods) {
      if (!IsHttpToken(method.value)) {
        return Refuse(Quoted(method.value) + " in 'methods' of " + what + " is no method",
                      method.from);
      }
      std::string upper = method.value;
      for (char& c : upper) {
        if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
      }
      if (upper == "CONNECT") {
        return Refuse("'CONNECT' in 'methods' of " + what +
                          " is never passed on; hooks are about the requests inside",
                      method.from);
      }
      hook.methods.push_back(std::move(upper));
    }
    return {};
  }

  static Result<TextPattern> Pattern(std::string_view text, TextPattern::Use use,
                                     const std::string& where, const SourceRef& from) {
    auto pattern = TextPattern::Parse(text, use);
    if (!pattern) return Refuse(where + ": " + pattern.error().message, from);
    return *std::move(pattern);
  }

  static Result<> AddPaths(const MitmHookTable& table, const std::string& what, HttpHook& hook) {
    if (table.path_prefixes.empty()) {
      return Refuse(what + " must list the paths it takes; path_prefixes = [\"/\"] takes all",
                    table.from);
    }
    for (const auto& path : table.path_prefixes) {
      AMBIT_TRY(TextPattern pattern, Pattern(path.value, TextPattern::Use::kPath,
                                             "'path_prefixes' of " + what, path.from));
      hook.paths.push_back(std::move(pattern));
    }
    return {};
  }

  static Result<> AddQueryAndHeaders(const MitmHookTable& table, const std::string& what,
                                     HttpHook& hook) {
    for (const auto& [key, values] : table.query) {
      const std::string where = "'query' of " + what;
      if (key.empty() || values.value.empty()) {
        return Refuse(where + ": " + Quoted(key) +
                          (key.empty() ? " is no key" : " lists no value that would be taken"),
                      values.from);
      }
      for (const std::string& value : values.value) {
        AMBIT_TRY(TextPattern pattern,
                  Pattern(value, TextPattern::Use::kValue, where, values.from));
        hook.query[key].push_back(std::move(pattern));
      }
    }
    for (const auto& [name, values] : table.headers) {
      const std::string where = "'headers' of " + what;
      if (!IsHttpToken(name))
        return Refuse(where + ": " + Quoted(name) + " is no header", values.from);
      auto& patterns = hook.headers[Lowered(name)];
      for (const std::string& value : values.value) {
        AMBIT_TRY(TextPattern pattern,
                  Pattern(value, TextPattern::Use::kValue, where, values.from));
        patterns.push_back(std::move(pattern));
      }
    }
    return {};
  }

  Result<> NeedVersion2(std::string_view key, const std::string& what,
                        const SourceRef& from) const {
    if (table_.mitm.version) return {};
    return Refuse("'" + std::string(key) + "' of " + what + " needs version = 2 in 'network.mitm'",
                  from);
  }

  Result<> AddSchemesAndPorts(const MitmHookTable& table, const std::string& what, HttpHook& hook) {
    bool secure = table.schemes.empty();
    for (const auto& scheme : table.schemes) {
      AMBIT_CHECK(NeedVersion2("schemes", what, scheme.from));
      if (scheme.value == "https") {
        secure = true;
      } else {
        notices_.push_back({"\"http\" in 'schemes' of " + what +
                                " has no effect: plain requests to a host with hooks are refused",
                            scheme.from});
      }
    }
    if (!secure) {
      return Refuse(what +
                        " can match nothing: plain requests to a host with hooks are refused; "
                        "add \"https\" to 'schemes'",
                    table.schemes.front().from);
    }
    for (const auto& port : table.ports) {
      AMBIT_CHECK(NeedVersion2("ports", what, port.from));
      hook.ports.push_back(port.value);
    }
    return {};
  }

  Result<> AddActions(const MitmHookTable& table, const std::string& what, HttpHook& hook) {
    if (table.actions.empty()) {
      return Refuse(what + " must list what is done: action = [\"NAME\"] of 'network.mitm.actions'",
                    table.from);
    }
    for (const auto& name : table.actions) {
      const auto found = table_.mitm.actions.find(name.value);
      if (found == table_.mitm.actions.end()) {
        std::vector<std::string_view> known;
        for (const auto& [other, action] : table_.mitm.actions) known.push_back(other);
        return Refuse(
            what + " names the action " + Quoted(name.value) + ", which is not defined" +
                config::Suggestion(name.value, known, "; define it in 'network.mitm.actions'"),
            name.from);
      }
      used_actions_.insert(name.value);
      AMBIT_CHECK(AddAction(name.value, found->second, what, hook));
    }
    return {};
  }

  Result<> AddAction(const std::string& name, const MitmActionTable& table, const std::string& hook,
                     HttpHook& out) {
    const std::string what = "action " + Quoted(name);
    for (const auto& strip : table.strip) {
      const std::string lower = Lowered(strip.value);
      if (!IsHttpToken(lower) || IsFixed(lower)) {
        return Refuse(what + " cannot strip " + Quoted(strip.value) +
                          (IsFixed(lower) ? ", which the proxy sets itself" : ": it is no header"),
                      strip.from);
      }
      out.strip.push_back(lower);
    }
    for (const auto& inject : table.inject) AMBIT_CHECK(AddInjection(inject, what, hook, out));
    if (table.body) AMBIT_CHECK(AddBody(*table.body, what, hook, out));
    if (table.aws_sigv4) AMBIT_CHECK(AddSigning(*table.aws_sigv4, what, hook, out));
    return {};
  }

  Result<> AddSigning(const config::SigningTable& table, const std::string& what,
                      const std::string& hook, HttpHook& out) {
    if (out.signing) {
      return Refuse("the actions of " + hook + " have 'aws_sigv4' twice; keep one", table.from);
    }
    AMBIT_TRY(out.signing, MakeRequestSigning(table, what, [this](const auto& secret) {
                return AddSecret(secret.env, secret.file);
              }));
    return table.port ? CheckPort(*table.port, what, hook, out) : Result<>();
  }

  /// What one hook cannot do besides signing, and what one key cannot have twice.
  Result<> CheckSigning(const std::string& what, const HttpHook& hook) const {
    const RequestSigning& signing = *hook.signing;
    if (hook.body) {
      return Refuse("the actions of " + what +
                        " sign requests and replace text in their bodies; make two hooks of it",
                    signing.from);
    }
    std::vector<std::string> changed = hook.strip;
    for (const HeaderInjection& injection : hook.inject) changed.push_back(injection.name);
    const auto owned = std::ranges::find_if(changed, IsOfSignature);
    if (owned != changed.end()) {
      return Refuse("the actions of " + what + " sign requests and change the header " +
                        Quoted(*owned) + ", which signing sets; leave that out",
                    signing.from);
    }
    for (const HttpHook& other : out_.hooks_) {
      const bool differs = other.signing && other.signing->access_key_id == signing.access_key_id &&
                           other.signing->placeholder != signing.placeholder;
      if (!differs) continue;
      return Refuse(what + " and hook " + Quoted(other.name) +
                        " have two placeholders for one access key; use the same",
                    signing.from);
    }
    return {};
  }

  Result<> AddBody(const config::BodySubstitutionTable& table, const std::string& what,
                   const std::string& hook, HttpHook& out) {
    if (out.body) {
      return Refuse("the actions of " + hook +
                        " have 'body_secret_substitution' twice; put all replacements into one",
                    table.from);
    }
    BodyEdit edit;
    AMBIT_CHECK(CheckBodyTable(table, what, hook, out));
    if (table.port) edit.port = table.port->value;
    if (table.max_body_bytes) {
      edit.max_bytes = static_cast<std::size_t>(table.max_body_bytes->value);
    }
    for (const auto& replacement : table.replacements) {
      AMBIT_CHECK(AddPlaceholder(replacement, what, edit));
    }
    out.body = std::move(edit);
    return {};
  }

  static Result<> CheckBodyTable(const config::BodySubstitutionTable& table,
                                 const std::string& what, const std::string& hook,
                                 const HttpHook& out) {
    if (table.replacements.empty()) {
      return Refuse("'body_secret_substitution' of " + what +
                        " must list what is replaced: replacements = [{ placeholder = \"TEXT\", "
                        "secret = { env_var = \"NAME\" } }]",
                    table.from);
    }
    return table.port ? CheckPort(*table.port, what, hook, out) : Result<>();
  }

  static Result<> CheckPort(const Placed<std::uint16_t>& port, const std::string& what,
                            const std::string& hook, const HttpHook& out) {
    const bool ever =
        out.ports.empty() || std::ranges::find(out.ports, port.value) != out.ports.end();
    if (ever) return {};
    return Refuse("'port' of " + what + " is " + std::to_string(port.value) +
                      ", which is not among the 'ports' of " + hook + "; leave one of them out",
                  port.from);
  }

  Result<> AddPlaceholder(const config::BodyReplacementTable& table, const std::string& what,
                          BodyEdit& out) {
    const std::string& text = table.placeholder.value;
    if (!IsPlaceholder(text)) {
      return Refuse("the placeholder " + Quoted(text) + " of " + what +
                        " must be 16 to 256 visible ASCII characters without blanks",
                    table.placeholder.from);
    }
    for (const BodyPlaceholder& other : out.placeholders) {
      if (!Overlap(text, other.text)) continue;
      return Refuse("the placeholders " + Quoted(other.text) + " and " + Quoted(text) + " of " +
                        what + " can overlap; let them begin and end differently",
                    table.placeholder.from);
    }
    BodyPlaceholder placeholder{.text = text};
    AMBIT_TRY(placeholder.secret, AddSecret(table.env, table.file));
    out.placeholders.push_back(std::move(placeholder));
    return {};
  }

  Result<> AddInjection(const config::InjectedHeaderTable& table, const std::string& what,
                        const std::string& hook, HttpHook& out) {
    HeaderInjection injection;
    injection.name = Lowered(table.name.value);
    if (!IsHttpToken(injection.name) || IsFixed(injection.name) || injection.name == "user-agent") {
      return Refuse(what + " cannot inject the header " + Quoted(table.name.value),
                    table.name.from);
    }
    const bool twice = std::ranges::any_of(
        out.inject, [&](const HeaderInjection& other) { return other.name == injection.name; });
    if (twice) {
      return Refuse(
          "the actions of " + hook + " inject " + Quoted(table.name.value) + " twice; keep one",
          table.name.from);
    }
    if (table.prefix) {
      if (!IsFieldText(table.prefix->value)) {
        return Refuse("'prefix' of " + what + " may not hold control characters",
                      table.prefix->from);
      }
      injection.prefix = table.prefix->value;
    }
    if (table.placeholder) {
      AMBIT_CHECK(NeedVersion2("placeholder", what, table.placeholder->from));
      const std::string& text = table.placeholder->value;
      if (text.empty() || !IsFieldText(text) || text.ends_with(' ') || text.ends_with('\t')) {
        return Refuse("'placeholder' of " + what + " must be text that a header can hold",
                      table.placeholder->from);
      }
      injection.placeholder = text;
    }
    AMBIT_TRY(injection.secret, AddSecret(table.env, table.file));
    out.inject.push_back(std::move(injection));
    return {};
  }

  /// Exactly one of the two is there.
  Result<std::size_t> AddSecret(const std::optional<Placed<std::string>>& env,
                                const std::optional<Placed<std::string>>& file) {
    const Placed<std::string>& given = file ? *file : *env;
    SecretPlace place{file.has_value(), given.value, given.from};
    if (place.is_file) {
      const bool absolute = place.text.starts_with('/') || place.text.starts_with("~/");
      if (!absolute || place.text.find('\0') != std::string::npos) {
        return Refuse("the secret file " + Quoted(place.text) +
                          " must be an absolute path, or begin with \"~/\"",
                      place.from);
      }
    } else if (place.text.empty() || place.text.find('=') != std::string::npos ||
               place.text.find('\0') != std::string::npos) {
      return Refuse(Quoted(place.text) + " is no name of a variable", place.from);
    }
    const auto found = std::ranges::find(out_.secrets_, place);
    if (found != out_.secrets_.end()) {
      return static_cast<std::size_t>(found - out_.secrets_.begin());
    }
    out_.secrets_.push_back(std::move(place));
    return out_.secrets_.size() - 1;
  }

  /// R10.1.
  Result<> CheckActionsUsed() const {
    for (const auto& [name, action] : table_.mitm.actions) {
      const std::string what = "action " + Quoted(name);
      if (action.strip.empty() && action.inject.empty() && !action.body && !action.aws_sigv4) {
        return Refuse(what +
                          " does nothing; give it 'strip_request_headers', "
                          "'inject_request_headers', 'body_secret_substitution' or 'aws_sigv4'",
                      action.from);
      }
      if (!used_actions_.contains(name)) {
        return Refuse("no hook uses " + what + "; name it in a hook's 'action', or remove it",
                      action.from);
      }
    }
    return {};
  }

  Result<> AddCredential(const std::string& id, const config::CredentialTable& table) {
    const std::string what = "credential " + Quoted(id);
    CredentialRule rule;
    rule.id = id;
    rule.from = table.from;
    if (table.scheme) {
      rule.scheme = table.scheme->value == "bearer"  ? CredentialScheme::kBearer
                    : table.scheme->value == "basic" ? CredentialScheme::kBasic
                                                     : CredentialScheme::kRaw;
    }
    AMBIT_TRY(rule.secret, AddSecret(table.env, table.file));
    for (const CredentialRule& other : out_.credentials_) {
      if (other.secret != rule.secret) continue;
      return Refuse(what + " and " + Quoted(other.id) + " are the same secret; keep one of them",
                    table.from);
    }
    for (const auto& given : table.hosts) {
      AMBIT_TRY(ExactHost exact, ParseExactHost(given, "'hosts' of " + what, true));
      AMBIT_CHECK(CheckReachable(exact.host, given.value, what, given.from));
      rule.hosts.push_back(
          {std::move(exact.host), Spelling::kPlain, exact.port == 0 ? kTlsPort : exact.port});
    }
    if (table.hosts.empty()) AMBIT_CHECK(AddKnownHosts(table, what, rule));
    out_.credentials_.push_back(std::move(rule));
    return {};
  }

  /// Where a well-known variable goes, as far as the profile lets the command go there.
  Result<> AddKnownHosts(const config::CredentialTable& table, const std::string& what,
                         CredentialRule& rule) const {
    const auto* const known =
        std::ranges::find_if(kKnownVariables, [&table](const KnownVariable& variable) {
          return table.env && table.env->value == variable.name;
        });
    if (known == std::end(kKnownVariables)) {
      return Refuse(what + " must list the hosts that get it: hosts = [\"HOST\"]", table.from);
    }
    for (const std::string_view host : known->hosts) {
      const HostName name{std::string(host)};
      if (host.empty() || !is_granted_(name)) continue;
      const Destination to{name, Spelling::kPlain, kTlsPort};
      if (!out_.IsExcluded(to)) rule.hosts.push_back(to);
    }
    if (!rule.hosts.empty()) return {};
    return Refuse(what + " is meant for " + Quoted(known->hosts.front()) +
                      ", which no rule of 'network.domains' allows; allow the host there, or list "
                      "others in 'hosts'",
                  table.from);
  }

  /// R10.3: a hook holds for a name; the server behind it may have others.
  Result<> CheckStrict() {
    if (out_.hooks_.empty()) return {};
    const auto& resolve = table_.upstream.resolve;
    if (out_.strict_ && resolve && resolve->value == "remote") {
      return Refuse(
          "strict_hooks compares addresses, which upstream.resolve = \"remote\" leaves "
          "to the parent proxy; remove one of the two",
          resolve->from);
    }
    if (out_.strict_) return {};
    for (const auto& [given, allow] : table_.domains) {
      const auto pattern = ParseHostPattern(given, allow.value);
      if (!allow.value || !pattern) continue;
      const bool by_address = pattern->kind == PatternKind::kAddress ||
                              pattern->kind == PatternKind::kRange ||
                              pattern->kind == PatternKind::kAddressGlob;
      const bool is_hooked = std::ranges::any_of(out_.hooks_, [&](const HttpHook& hook) {
        return pattern->kind == PatternKind::kAddress &&
               hook.host == std::variant<HostName, IpAddress>(pattern->range.base);
      });
      if ((!by_address && pattern->kind != PatternKind::kEvery) || is_hooked) continue;
      notices_.push_back({Quoted(given) +
                              " may lead to the servers of hosts with hooks by another name, where "
                              "no hook holds; remove it, or say strict_hooks = true",
                          allow.from});
    }
    return {};
  }

  const config::NetworkTable& table_;
  const HttpRules::IsGranted& is_granted_;
  std::vector<config::Notice>& notices_;
  HttpRules out_;
  std::set<std::string> used_actions_;
};

Result<HttpRules> HttpRules::Make(const config::NetworkTable& table, const IsGranted& is_granted,
                                  std::vector<config::Notice>& notices) {
  return HttpRulesMaker(table, is_granted, notices).Make();
}

}  // namespace ambit::policy
