#include "proxy/request_edit.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <string>
#include <utility>

#include "audit/flat_json.h"
#include "base/ascii.h"
#include "base/http_field.h"
#include "proxy/http_fields.h"
#include "proxy/http_rewrite.h"
#include "proxy/request_signing.h"

namespace ambit::proxy {
namespace {

constexpr std::string_view kAuthorization = "authorization";
constexpr std::string_view kAcceptEncoding = "accept-encoding";
constexpr std::uint16_t kTlsPort = 443;
constexpr std::string_view kRange = "range";
constexpr std::string_view kSecurityToken = "x-amz-security-token";

void Remove(std::vector<Field>& fields, std::string_view name) {
  std::erase_if(fields, [name](const Field& field) { return EqualsIgnoreCase(field.name, name); });
}

/// "Bearer x" taken apart (RFC 9110 §11.4); no scheme where there is no blank.
struct Credentials {
  std::string_view scheme, token;
};
Credentials TakeApart(std::string_view value) {
  const std::size_t blank = value.find(' ');
  if (blank == std::string_view::npos) return {"", value};
  std::string_view token = value.substr(blank);
  while (token.starts_with(' ')) token.remove_prefix(1);
  return {value.substr(0, blank), token};
}

/// `text` with each `from` replaced. The two are of one length.
std::string ReplaceAll(std::string_view text, std::string_view from, std::string_view to) {
  std::string out(text);
  for (std::size_t at = out.find(from); at != std::string::npos; at = out.find(from, at)) {
    std::ranges::copy(to, out.begin() + static_cast<std::ptrdiff_t>(at));
    at += to.size();
  }
  return out;
}

}  // namespace

void RequestEdit::Forget() {
  sought_.clear();
  values_.clear();
  shown_.clear();
}

void RequestEdit::Swap(Field& field, std::string_view dummy, std::string_view real) {
  std::string value = ReplaceAll(field.value, dummy, real);
  values_.emplace_back(value);
  Wipe(value);
  field.value = values_.back().view();
}

/// The token of Basic is base64, so the origin may give back that as well.
void RequestEdit::SwapBasic(Field& field, std::string_view token, const Secret& secret) {
  std::optional<std::string> plain = audit::FromBase64(token);
  if (!plain || plain->find(secret.dummy) == std::string::npos) return;
  std::string swapped = ReplaceAll(*plain, secret.dummy, secret.real.view());
  std::string encoded = audit::ToBase64(swapped);
  shown_.emplace_back(token);
  values_.emplace_back(encoded);
  sought_.push_back({values_.back().view(), shown_.back().view()});
  std::string value(field.value.substr(0, field.value.size() - token.size()));
  value.reserve(value.size() + encoded.size());
  value += encoded;
  values_.emplace_back(value);
  field.value = values_.back().view();
  Wipe(swapped);
  Wipe(encoded);
  Wipe(value);
}

void RequestEdit::PutIn(const policy::CredentialRule& credential, Field& field) {
  using policy::CredentialScheme;
  const Secret& secret = secrets_[credential.secret];
  const auto [scheme, token] = TakeApart(field.value);
  const bool is_basic = EqualsIgnoreCase(scheme, "basic");
  switch (credential.scheme) {
    case CredentialScheme::kBearer:
      if (EqualsIgnoreCase(scheme, "bearer") && token == secret.dummy) break;
      return;
    case CredentialScheme::kBasic:
      if (is_basic) SwapBasic(field, token, secret);
      return;
    case CredentialScheme::kAny:
      if (is_basic) return SwapBasic(field, token, secret);
      break;
    case CredentialScheme::kRaw:
      break;
  }
  if (field.value.find(secret.dummy) != std::string_view::npos) {
    Swap(field, secret.dummy, secret.real.view());
  }
}

void RequestEdit::Seek(std::size_t secret) {
  const Secret& one = secrets_[secret];
  if (one.real.size() >= kLeastSought) sought_.push_back({one.real.view(), one.dummy});
}

/// What the origin may know and the command may not.
bool RequestEdit::SeekAll(const policy::Destination& to) {
  for (const policy::CredentialRule* const credential : rules_.CredentialsFor(to)) {
    Seek(credential->secret);
  }
  for (const policy::HttpHook& hook : rules_.hooks()) {
    if (hook.host != to.host) continue;
    for (const policy::HeaderInjection& injection : hook.inject) Seek(injection.secret);
    if (!hook.body) continue;
    for (const policy::BodyPlaceholder& one : hook.body->placeholders) Seek(one.secret);
  }
  const bool of_use = !sought_.empty();
  for (const policy::HttpHook& hook : rules_.hooks()) {
    if (hook.host != to.host || !hook.signing) continue;
    Seek(hook.signing->access_key_id);
    Seek(hook.signing->secret_access_key);
    if (hook.signing->session_token) Seek(*hook.signing->session_token);
  }
  return of_use;
}

void RequestEdit::Apply(const policy::Destination& to, const policy::HttpVerdict& verdict,
                        std::vector<Field>& fields) {
  Forget();
  if (verdict.hook != nullptr) {
    for (const std::string& name : verdict.hook->strip) Remove(fields, name);
  }
  const auto credentials = rules_.CredentialsFor(to);
  for (Field& field : fields) {
    if (!EqualsIgnoreCase(field.name, kAuthorization)) continue;
    for (const auto* const credential : credentials) PutIn(*credential, field);
  }
  if (verdict.hook != nullptr) {
    for (const policy::HeaderInjection& injection : verdict.hook->inject) {
      Remove(fields, injection.name);
      std::string value;
      const std::string_view real = secrets_[injection.secret].real.view();
      value.reserve(injection.prefix.size() + real.size());
      value.append(injection.prefix).append(real);
      values_.emplace_back(value);
      Wipe(value);
      fields.push_back({injection.name, values_.back().view()});
    }
  }
  const bool of_use = SeekAll(to);
  if (sought_.empty()) return;
  Remove(fields, kAcceptEncoding);
  // Part of a secret is not found, and parts can be put together. What goes with a signature is
  // nothing without the key, which no origin is sent, and stores of objects are read in ranges.
  if (of_use) Remove(fields, kRange);
  fields.push_back({kAcceptEncoding, "identity"});
}

void RequestEdit::Sign(const policy::RequestSigning& signing, const policy::Destination& to,
                       std::string_view payload_hash, RequestHead& request) {
  std::vector<Field>& fields = request.fields;
  const auto given = sigv4::ParseAuthorization(ValueOf(fields, kAuthorization));
  Remove(fields, kAuthorization);
  Remove(fields, kSecurityToken);
  if (!given) return;  // never: it was asked for before
  if (signing.session_token) {
    fields.push_back({kSecurityToken, secrets_[*signing.session_token].real.view()});
  }
  const std::string host = HostValue(to, kTlsPort);
  const std::string length = std::to_string(request.summary.content_length.value_or(0));
  const std::string target = TargetOf(request);
  std::vector<Field> sent = {{"host", host}};
  if (request.summary.content_length) sent.push_back({"content-length", length});
  std::ranges::copy_if(fields, std::back_inserter(sent),
                       [&fields](const Field& field) { return IsSentOn(field, fields); });
  std::string value =
      SignAgain(*given, {request.method, target, sent, payload_hash},
                secrets_[signing.access_key_id].real, secrets_[signing.secret_access_key].real);
  values_.emplace_back(value);
  Wipe(value);
  const std::string_view authorization = values_.back().view();
  fields.push_back({kAuthorization, authorization});
  // It is good for this request, from wherever it is sent.
  shown_.emplace_back(given->signature);
  sought_.push_back(
      {authorization.substr(authorization.size() - given->signature.size()), shown_.back().view()});
}

Scrubber RequestEdit::MakeScrubber() const {
  Scrubber out;
  for (const auto& [secret, shown] : sought_) out.Add(secret, shown);
  return out;
}

}  // namespace ambit::proxy
