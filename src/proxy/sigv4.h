#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/http_field.h"

/// AWS Signature Version 4 in the Authorization header ("Create a signed AWS API request" in the
/// IAM user guide). Pure: no clock, no I/O.
namespace ambit::proxy::sigv4 {

inline constexpr std::string_view kAlgorithm = "AWS4-HMAC-SHA256";

/// What an Authorization header of this kind says; views into it.
struct Authorization {
  std::string_view access_key_id, date, region, service;
  std::vector<std::string_view> signed_headers;  ///< In lower case, sorted.
  std::string_view signature;                    ///< 64 hexadecimal digits.
};
/// Nothing when it is not exactly of the published form.
std::optional<Authorization> ParseAuthorization(std::string_view value);

/// A request as the origin will see it.
struct Request {
  std::string_view method;
  std::string_view target;          ///< Path and query as they are sent.
  std::span<const Field> fields{};  ///< Host among them.
  std::string_view payload_hash;    ///< In hexadecimal digits, or a word such as UNSIGNED-PAYLOAD.
};

/// The scope of a signature, and when it is made: "20130524T000000Z", whose first 8 are the date.
struct Scope {
  std::string_view time, region, service;
  [[nodiscard]] std::string Text() const;
};

/// Of the fields that `signed_headers` names: names in lower case and sorted.
std::string CanonicalRequest(const Request& request,
                             std::span<const std::string_view> signed_headers,
                             std::string_view service);

/// 64 hexadecimal digits in lower case.
std::string Sign(const Scope& scope, std::string_view secret_access_key,
                 std::string_view canonical_request);

}  // namespace ambit::proxy::sigv4
