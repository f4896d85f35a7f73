#include "proxy/request_edit.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "audit/flat_json.h"
#include "base/ascii.h"
#include "proxy/http_fields.h"

namespace ambit::proxy {
namespace {

constexpr std::string_view kAuthorization = "authorization";
constexpr std::string_view kAcceptEncoding = "accept-encoding";

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

/// What the origin may know and the command may not.
void RequestEdit::Seek(const policy::Destination& to) {
  const auto seek = [this](std::size_t index) {
    const Secret& secret = secrets_[index];
    if (secret.real.size() >= kLeastSought) {
      sought_.push_back({secret.real.view(), secret.dummy});
    }
  };
  for (const policy::CredentialRule* const credential : rules_.CredentialsFor(to)) {
    seek(credential->secret);
  }
  for (const policy::HttpHook& hook : rules_.hooks()) {
    if (hook.host != to.host) continue;
    for (const policy::HeaderInjection& injection : hook.inject) seek(injection.secret);
    if (!hook.body) continue;
    for (const policy::BodyPlaceholder& one : hook.body->placeholders) seek(one.secret);
  }
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
  Seek(to);
  if (sought_.empty()) return;
  Remove(fields, kAcceptEncoding);
  // Part of a secret is not found, and parts can be put together.
  Remove(fields, "range");
  fields.push_back({kAcceptEncoding, "identity"});
}

Scrubber RequestEdit::MakeScrubber() const {
  Scrubber out;
  for (const auto& [secret, shown] : sought_) out.Add(secret, shown);
  return out;
}

}  // namespace ambit::proxy
