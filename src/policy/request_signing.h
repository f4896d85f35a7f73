#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "config/profile.h"

namespace ambit::policy {

/// Requests that are signed by AWS Signature Version 4 with a key that the command does not have:
/// it signs with a placeholder, and the proxy signs again (network.md 10).
struct RequestSigning {
  std::string placeholder;  ///< The access key ID that the command knows.
  std::string region, service;
  // Indices into HttpRules::secrets().
  std::size_t access_key_id = 0, secret_access_key = 0;
  std::optional<std::size_t> session_token;
  std::optional<std::uint16_t> port;  ///< None: every port of the hook.
  std::size_t max_bytes = 1UL << 20;  ///< Of a body whose hash is signed.
  SourceRef from;

  [[nodiscard]] bool Uses(std::size_t secret) const {
    return secret == access_key_id || secret == secret_access_key || secret == session_token;
  }
};

/// Whether it may be an access key ID: 16 to 128 letters, digits and "_" (IAM API reference,
/// "AccessKey").
bool IsAccessKeyId(std::string_view text);

/// Whether signing decides on this header, in lower case, by itself.
bool IsOfSignature(std::string_view header);

/// Checks what `aws_sigv4` of `what` says. `add_secret` gives the index of a secret, of which
/// exactly one place is named. Errors: kInvalidConfig with their place.
Result<RequestSigning> MakeRequestSigning(
    const config::SigningTable& table, const std::string& what,
    const std::function<Result<std::size_t>(const config::SecretTable&)>& add_secret);

}  // namespace ambit::policy
