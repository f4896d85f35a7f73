#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/http_field.h"
#include "base/result.h"
#include "config/config.h"
#include "policy/destination.h"
#include "policy/host_pattern.h"
#include "policy/http_pattern.h"
#include "policy/reason.h"
#include "policy/request_signing.h"

/// What the profile says about single requests: limited mode, hooks and credentials (network.md 8,
/// 10 and 11). Holds where secrets are, never the secrets.
namespace ambit::policy {

/// How far a connection that the rules for hosts allow has to be looked into.
enum class Interception : std::uint8_t {
  kNone,      ///< Not at all: it is relayed as it is.
  kOffered,   ///< TLS is, for the credentials bound to the host; anything else is relayed.
  kRequired,  ///< Every request is decided on; what cannot be looked into is refused.
};

/// Where a secret is read from when the proxy is started.
struct SecretPlace {
  bool is_file = false;
  std::string text;  ///< The variable's name, or the path: absolute or "~/…".
  SourceRef from;

  bool operator==(const SecretPlace& other) const {
    return is_file == other.is_file && text == other.text;
  }
};

/// A header that is added to a request: prefix + secret.
struct HeaderInjection {
  std::string name;  ///< In lower case.
  std::string prefix;
  /// When set, only a request whose header is prefix + placeholder passes.
  std::optional<std::string> placeholder;
  std::size_t secret = 0;  ///< Index into HttpRules::secrets().
};

/// A text in a request's body that stands for a secret.
struct BodyPlaceholder {
  std::string text;        ///< 16 to 256 visible ASCII characters; none overlaps another.
  std::size_t secret = 0;  ///< Index into HttpRules::secrets().
};

/// What is replaced in the bodies of requests, which are read as a whole for it.
struct BodyEdit {
  std::vector<BodyPlaceholder> placeholders;
  std::optional<std::uint16_t> port;  ///< None: every port of the hook.
  std::size_t max_bytes = 1UL << 20;  ///< Before and after.
};

/// One hook with what its actions come to: headers are taken out first, then added.
struct HttpHook {
  std::string name;
  SourceRef from;
  std::variant<HostName, IpAddress> host;
  std::vector<std::string> methods;  ///< In upper case.
  std::vector<TextPattern> paths;
  std::map<std::string, std::vector<TextPattern>> query;
  std::map<std::string, std::vector<TextPattern>> headers;  ///< Names in lower case.
  std::vector<std::uint16_t> ports;                         ///< Empty: all.
  std::vector<std::string> strip;                           ///< Names in lower case.
  std::vector<HeaderInjection> inject;
  std::optional<BodyEdit> body;
  std::optional<RequestSigning> signing;  ///< Never together with `body`.
};

/// The form of an Authorization header that holds a credential.
enum class CredentialScheme : std::uint8_t {
  kAny,     ///< kBasic where the header says so, else kRaw.
  kBearer,  ///< "Bearer SECRET" (RFC 6750).
  kBasic,   ///< Within the decoded user-id and password (RFC 7617).
  kRaw,     ///< Wherever it stands in the header.
};

/// A secret that the command knows by a dummy only.
struct CredentialRule {
  std::string id;
  SourceRef from;
  std::size_t secret = 0;  ///< Index into HttpRules::secrets().
  CredentialScheme scheme = CredentialScheme::kAny;
  std::vector<Destination> hosts;
};

/// A request as a rule sees it.
struct HttpRequest {
  std::string_view method;
  std::string_view target;  ///< Path and query, raw; "" is "/".
  std::span<const Field> fields{};
  bool has_body = false;
  bool websocket = false;
  bool secure = false;  ///< It came over TLS.
};

struct HttpVerdict {
  Reason reason = Reason::kAllowed;
  const HttpHook* hook = nullptr;  ///< The one that matched; what it strips and injects counts.
  std::string rule{};              ///< "mitm.hooks.NAME", or "" when no hook decided.
  SourceRef from{};                ///< The place of what decided.
  std::string detail{};            ///< One sentence for people.

  [[nodiscard]] bool allowed() const { return reason == Reason::kAllowed; }
};

/// Pure; cheap to ask. Requests are decided on after NetworkRules allowed their destination.
class HttpRules {
 public:
  HttpRules() = default;  ///< Lets everything through.

  /// Tells whether any rule of the `domains` allows a host, on whatever port, and none denies it.
  using IsGranted = std::function<bool(const std::variant<HostName, IpAddress>&)>;
  /// Errors: everything that network.md 10 calls one, with its place.
  static Result<HttpRules> Make(const config::NetworkTable& table, const IsGranted& is_granted,
                                std::vector<config::Notice>& notices);

  [[nodiscard]] Interception InterceptionFor(const Destination& to) const;
  /// Whether a hook names the host, whatever the port.
  [[nodiscard]] bool IsHooked(const Destination& to) const;
  /// Whether `mitm.exclude` names it.
  [[nodiscard]] bool IsExcluded(const Destination& to) const;

  /// The decision about one request to `to`.
  [[nodiscard]] HttpVerdict Decide(const Destination& to, const HttpRequest& request) const;

  /// Of a request that `hook` permits but cannot edit: its body, which was begun to be read, or its
  /// signature is not what it takes.
  [[nodiscard]] static HttpVerdict RefuseEdit(const HttpHook& hook, std::string_view problem);

  /// The credentials whose dummies are to be replaced in requests to `to`.
  [[nodiscard]] std::vector<const CredentialRule*> CredentialsFor(const Destination& to) const;

  [[nodiscard]] bool limited() const { return limited_; }
  [[nodiscard]] const std::vector<HttpHook>& hooks() const { return hooks_; }
  [[nodiscard]] const std::vector<CredentialRule>& credentials() const { return credentials_; }
  [[nodiscard]] const std::vector<SecretPlace>& secrets() const { return secrets_; }
  /// Whether the command is told another text in the place of this one of secrets().
  [[nodiscard]] bool HasDummy(std::size_t secret) const;
  /// Whether anything may have to be looked into: TLS needs a certificate authority then.
  [[nodiscard]] bool MayIntercept() const {
    return limited_ || !hooks_.empty() || !credentials_.empty();
  }
  /// R10.3: whether another way to a hooked host's addresses is refused.
  [[nodiscard]] bool strict() const { return strict_; }

 private:
  friend class HttpRulesMaker;

  [[nodiscard]] HttpVerdict DecideByHooks(const Destination& to, const HttpRequest& request,
                                          std::string_view path, std::string_view query) const;
  [[nodiscard]] HttpVerdict RefuseByMode(const HttpRequest& request) const;

  bool limited_ = false;
  bool strict_ = false;
  bool allow_bodies_ = false;
  std::size_t max_target_ = 16384;  ///< In limited mode.
  SourceRef limited_from_;
  std::vector<HttpHook> hooks_;  ///< In the order they are tried in.
  std::vector<CredentialRule> credentials_;
  std::vector<SecretPlace> secrets_;
  std::vector<HostPattern> exclude_;
};

/// Whether `word` may be a field name or a method (RFC 9110 §5.6.2).
bool IsHttpToken(std::string_view word);

}  // namespace ambit::policy
