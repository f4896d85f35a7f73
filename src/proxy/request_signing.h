#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/http_field.h"
#include "base/secret_text.h"
#include "policy/request_signing.h"
#include "proxy/sigv4.h"

/// What is asked of a request that the command signed with its placeholder, so that it can be
/// signed again (network.md 10).
namespace ambit::proxy {

/// How far the time of a signature may be from ours, in seconds: what AWS lets pass as well.
inline constexpr std::int64_t kMostSkew = 15 * 60;

/// What is wrong where PayloadHash gives nothing.
inline constexpr std::string_view kAnotherHash =
    "takes no body of another hash than the request says";

/// A request as its head says it.
struct SignedRequest {
  std::string_view target;  ///< Path and query, raw.
  std::span<const Field> fields;
  bool has_body = false;
};

/// Why it cannot be signed again, as the end of a sentence, or "". `now` in seconds since 1970.
std::string SigningProblem(const policy::RequestSigning& signing, const SignedRequest& request,
                           std::int64_t now);

/// Of a request without a problem: whether its signature is over the body, which is needed as a
/// whole then. Else the signature says that it is not.
bool SignsBody(std::span<const Field> fields);

/// The hash of the body, or the words in its place, as they are signed. Nothing when the request
/// says that its body has another hash.
std::optional<std::string> PayloadHash(std::span<const Field> fields, std::string_view body);

/// The new Authorization of a request that is sent as `sent`, over what `given` was over as far as
/// it is sent, and over what AWS asks for. At the time that its x-amz-date says.
std::string SignAgain(const sigv4::Authorization& given, const sigv4::Request& sent,
                      const SecretText& access_key_id, const SecretText& secret_access_key);

/// "20150830T123600Z" in seconds since 1970; nothing for anything else.
std::optional<std::int64_t> ParseSigningTime(std::string_view text);

}  // namespace ambit::proxy
