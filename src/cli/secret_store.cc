#include "cli/secret_store.h"

#include <algorithm>
#include <cstdint>
#include <optional>

#include "base/ascii.h"
#include "base/json_text.h"
#include "base/path_text.h"
#include "base/secret_text.h"
#include "cli/environment.h"
#include "os/process_info.h"
#include "os/secret_memory.h"
#include "policy/entry_form.h"

namespace ambit::cli {
namespace {

constexpr std::size_t kMostSecret = 64UL << 10;
constexpr std::string_view kDummiesVariable = "AMBIT_CREDENTIALS";

std::string What(const policy::SecretPlace& place) {
  return (place.is_file ? "the secret file '" : "the secret variable '") + Printable(place.text) +
         "'";
}

std::unexpected<Error> Refuse(const policy::SecretPlace& place, std::string_view problem) {
  return Fail(ErrorCode::kInvalidConfig, What(place) + " " + std::string(problem), place.from);
}

/// Where the value of a variable is in `around`, without a copy.
std::optional<std::string_view> Peek(const Surroundings& around, std::string_view name) {
  for (const std::string& entry : around.environment) {
    const bool is_it =
        entry.size() > name.size() && entry[name.size()] == '=' && entry.starts_with(name);
    if (is_it) return std::string_view(entry).substr(name.size() + 1);
  }
  return std::nullopt;
}

Result<SecretText> ReadOne(const policy::SecretPlace& place, const Loaded& loaded,
                           const Surroundings& around) {
  if (!place.is_file) {
    const auto value = Peek(around, place.text);
    if (!value) return Refuse(place, "is not set; set it where ambit is started");
    return SecretText(Trim(*value));
  }
  AMBIT_TRY(const std::string path, policy::ExpandHome(place.text, loaded.home, place.from));
  Result<SecretText> text = os::ReadSecretFile(path, kMostSecret);
  if (text) return SecretText(Trim(text->view()));
  text.error().message = What(place) + " cannot be used: " + text.error().message;
  text.error().where = place.from;
  return std::unexpected(std::move(text).error());
}

/// What is asked of a secret beyond that a header can hold it.
enum class Kind : std::uint8_t { kPlain, kCredential, kAccessKeyId };

Result<> Check(const policy::SecretPlace& place, std::string_view real, Kind kind) {
  const bool fits = std::ranges::all_of(real, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte >= 0x20 && byte != 0x7f;
  });
  if (real.empty()) return Refuse(place, "is empty");
  if (!fits) return Refuse(place, "holds what no header can: line breaks or control characters");
  if (kind == Kind::kAccessKeyId && !policy::IsAccessKeyId(real)) {
    return Refuse(place, "holds no access key ID, which is 16 to 128 letters, digits and '_'");
  }
  if (kind == Kind::kCredential && real.size() < proxy::kLeastMasked) {
    return Refuse(place, "is too short for a credential: " + std::to_string(proxy::kLeastMasked) +
                             " characters are the least; use a hook that injects it");
  }
  return {};
}

/// What the command signs with in the place of an access key ID; nothing for other secrets.
std::optional<std::string> PlaceholderOf(const policy::HttpRules& rules, std::size_t secret) {
  for (const policy::HttpHook& hook : rules.hooks()) {
    const bool is_it = hook.signing && hook.signing->access_key_id == secret;
    if (is_it) return hook.signing->placeholder;
  }
  return std::nullopt;
}

Kind KindOf(const policy::HttpRules& rules, std::size_t secret) {
  if (PlaceholderOf(rules, secret)) return Kind::kAccessKeyId;
  const bool is_credential = std::ranges::any_of(
      rules.credentials(),
      [secret](const policy::CredentialRule& one) { return one.secret == secret; });
  return is_credential ? Kind::kCredential : Kind::kPlain;
}

}  // namespace

Result<proxy::Secrets> ReadSecrets(const Loaded& loaded, const Surroundings& around) {
  const policy::HttpRules& rules = loaded.policy.network.rules.http();
  proxy::Secrets out;
  for (std::size_t i = 0; i < rules.secrets().size(); ++i) {
    const policy::SecretPlace& place = rules.secrets()[i];
    AMBIT_TRY(SecretText real, ReadOne(place, loaded, around));
    AMBIT_CHECK(Check(place, real.view(), KindOf(rules, i)));
    AMBIT_TRY(const std::string random, os::RandomHex(real.size() / 2 + 1));
    std::string dummy = proxy::DummyFor(real.view(), random);
    // The command knows the key by that name; what stands for it in answers has to be as long.
    const auto placeholder = PlaceholderOf(rules, i);
    if (placeholder && placeholder->size() == real.size()) dummy = *placeholder;
    out.push_back({std::move(real), std::move(dummy)});
  }
  return out;
}

void ForgetSecretVariables(const policy::EnvironmentPolicy& policy, Surroundings& around) {
  for (const std::string& name : policy.secrets) {
    os::WipeVariable(name);
    for (std::string& entry : around.environment) {
      const std::size_t start = name.size() + 1;
      if (!entry.starts_with(name + "=")) continue;
      Wipe(entry.data() + start, entry.size() - start);
      entry.resize(start);
    }
  }
}

Dummies DummiesOf(const policy::HttpRules& rules, const proxy::Secrets& secrets) {
  Dummies out;
  for (const policy::CredentialRule& credential : rules.credentials()) {
    const policy::SecretPlace& place = rules.secrets()[credential.secret];
    const std::string& dummy = secrets[credential.secret].dummy;
    if (!place.is_file) out.variables.emplace_back(place.text, dummy);
    out.json +=
        (out.json.empty() ? "{" : ",") + JsonString(credential.id) + ":" + JsonString(dummy);
  }
  if (!out.json.empty()) out.json += "}";
  const auto add = [&](std::size_t secret, const std::string& text) {
    const policy::SecretPlace& place = rules.secrets()[secret];
    if (!place.is_file) out.variables.emplace_back(place.text, text);
  };
  for (const policy::HttpHook& hook : rules.hooks()) {
    if (!hook.signing) continue;
    add(hook.signing->access_key_id, hook.signing->placeholder);
    const std::size_t key = hook.signing->secret_access_key;
    add(key, secrets[key].dummy);
    if (const auto token = hook.signing->session_token) add(*token, secrets[*token].dummy);
  }
  return out;
}

void AddDummies(const Dummies& dummies, const policy::EnvironmentPolicy& policy,
                std::vector<std::string>& environment) {
  for (const auto& [name, dummy] : dummies.variables) {
    if (!policy.set.contains(name)) SetVariable(environment, name, dummy);
  }
  if (!dummies.json.empty()) SetVariable(environment, kDummiesVariable, dummies.json);
}

}  // namespace ambit::cli
