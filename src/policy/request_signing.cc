#include "policy/request_signing.h"

#include <algorithm>
#include <utility>

#include "base/path_text.h"

namespace ambit::policy {
namespace {

using config::Placed;
using config::SecretTable;

std::unexpected<Error> Refuse(std::string message, const SourceRef& from) {
  return Fail(ErrorCode::kInvalidConfig, std::move(message), from);
}

bool IsLetterOrDigit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/// Part of a credential scope: what stands between two slashes of it.
bool IsScopeWord(std::string_view text) {
  return !text.empty() && text.size() <= 64 && std::ranges::all_of(text, [](char c) {
    return IsLetterOrDigit(c) || c == '-' || c == '_' || c == '.';
  });
}

class SigningMaker {
 public:
  SigningMaker(const config::SigningTable& table, const std::string& what)
      : table_(table), of_("' of 'aws_sigv4' of " + what) {}

  Result<std::string> Text(std::string_view key, const std::optional<Placed<std::string>>& given,
                           bool (*fits)(std::string_view), std::string_view form) const {
    if (!given) return Missing(key, form);
    if (fits(given->value)) return given->value;
    return Refuse(
        Name(key) + " takes " + std::string(form) + ", not '" + Printable(given->value) + "'",
        given->from);
  }

  Result<const SecretTable*> Secret(std::string_view key,
                                    const std::optional<SecretTable>& given) const {
    constexpr std::string_view kForm = R"({ env_var = "NAME" } or { file = "/PATH" })";
    if (!given) return Missing(key, kForm);
    if (given->env.has_value() != given->file.has_value()) return &*given;
    return Refuse(Name(key) + " must say where the secret is: either " + std::string(kForm),
                  given->from);
  }

 private:
  [[nodiscard]] std::string Name(std::string_view key) const {
    return "'" + std::string(key) + of_;
  }
  [[nodiscard]] std::unexpected<Error> Missing(std::string_view key, std::string_view form) const {
    return Refuse(Name(key) + " is missing; it takes " + std::string(form), table_.from);
  }

  const config::SigningTable& table_;
  std::string of_;
};

}  // namespace

bool IsAccessKeyId(std::string_view text) {
  return text.size() >= 16 && text.size() <= 128 &&
         std::ranges::all_of(text, [](char c) { return IsLetterOrDigit(c) || c == '_'; });
}

bool IsOfSignature(std::string_view header) {
  return header == "authorization" || header == "x-amz-date" || header == "x-amz-security-token" ||
         header == "x-amz-content-sha256";
}

Result<RequestSigning> MakeRequestSigning(
    const config::SigningTable& table, const std::string& what,
    const std::function<Result<std::size_t>(const SecretTable&)>& add_secret) {
  constexpr std::string_view kWord = "letters, digits, '-', '_' and '.'";
  const SigningMaker maker(table, what);
  RequestSigning out;
  out.from = table.from;
  AMBIT_TRY(out.placeholder, maker.Text("placeholder_access_key_id", table.placeholder,
                                        IsAccessKeyId, "16 to 128 letters, digits and '_'"));
  AMBIT_TRY(out.region, maker.Text("region", table.region, IsScopeWord, kWord));
  AMBIT_TRY(out.service, maker.Text("service", table.service, IsScopeWord, kWord));
  AMBIT_TRY(const SecretTable* const id, maker.Secret("access_key_id", table.access_key_id));
  AMBIT_TRY(out.access_key_id, add_secret(*id));
  AMBIT_TRY(const SecretTable* const key,
            maker.Secret("secret_access_key", table.secret_access_key));
  AMBIT_TRY(out.secret_access_key, add_secret(*key));
  if (table.session_token) {
    AMBIT_TRY(const SecretTable* const token, maker.Secret("session_token", table.session_token));
    AMBIT_TRY(out.session_token, add_secret(*token));
  }
  if (table.port) out.port = table.port->value;
  if (table.max_body_bytes) out.max_bytes = static_cast<std::size_t>(table.max_body_bytes->value);
  return out;
}

}  // namespace ambit::policy
