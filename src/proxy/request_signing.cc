#include "proxy/request_signing.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <vector>

#include "base/ascii.h"
#include "policy/http_pattern.h"
#include "proxy/digest.h"

namespace ambit::proxy {
namespace {

constexpr std::string_view kContentHash = "x-amz-content-sha256";

/// What stands for the hash of a body that the signature leaves out: of S3. The checksum that comes
/// after such a body is not signed either.
constexpr std::string_view kUnsigned[] = {"UNSIGNED-PAYLOAD", "STREAMING-UNSIGNED-PAYLOAD-TRAILER"};

bool IsUnsigned(std::string_view hash) {
  return std::ranges::find(kUnsigned, hash) != std::end(kUnsigned);
}

/// The value of the one field of that name; nothing when there is none or another one.
struct OneField {
  std::size_t count = 0;
  std::string_view value;
};
OneField Find(std::span<const Field> fields, std::string_view name) {
  OneField out;
  for (const Field& field : fields) {
    if (!EqualsIgnoreCase(field.name, name)) continue;
    ++out.count;
    out.value = field.value;
  }
  return out;
}

bool IsPresigned(std::string_view target) {
  const std::size_t mark = target.find('?');
  if (mark == std::string_view::npos) return false;
  return std::ranges::any_of(policy::QueryPairs(target.substr(mark + 1)), [](const auto& pair) {
    return EqualsIgnoreCase(pair.first, "x-amz-signature") ||
           EqualsIgnoreCase(pair.first, "x-amz-credential") ||
           EqualsIgnoreCase(pair.first, "x-amz-algorithm") ||
           EqualsIgnoreCase(pair.first, "x-amz-security-token");
  });
}

std::string ScopeProblem(const policy::RequestSigning& signing,
                         const sigv4::Authorization& authorization) {
  // What the command says of itself may be a secret: it is not repeated.
  if (authorization.access_key_id != signing.placeholder) {
    return fmt::format("wants '{}' for the access key in Authorization", signing.placeholder);
  }
  if (authorization.region != signing.region) {
    return fmt::format("takes signatures for the region '{}' only", signing.region);
  }
  if (authorization.service == signing.service) return "";
  return fmt::format("takes signatures for the service '{}' only", signing.service);
}

std::string TimeProblem(std::span<const Field> fields, std::string_view date, std::int64_t now) {
  const OneField time = Find(fields, "x-amz-date");
  const auto seconds = time.count == 1 ? ParseSigningTime(time.value) : std::nullopt;
  if (!seconds) return "wants one 'x-amz-date' such as 20150830T123600Z";
  if (time.value.substr(0, date.size()) != date) {
    return "wants one day in 'x-amz-date' and in the signature's scope";
  }
  const bool near = *seconds >= now - kMostSkew && *seconds <= now + kMostSkew;
  return near ? "" : "takes no signature of a time more than 15 minutes from now";
}

std::string PayloadProblem(const SignedRequest& request) {
  const OneField hash = Find(request.fields, kContentHash);
  if (hash.count > 1) return fmt::format("wants one '{}'", kContentHash);
  if (hash.value.starts_with("STREAMING-") && !IsUnsigned(hash.value)) {
    return "takes no body that is signed piece by piece";
  }
  if (request.has_body || PayloadHash(request.fields, "")) return "";
  return std::string(kAnotherHash);
}

std::vector<std::string_view> SignedNames(const sigv4::Authorization& given,
                                          std::span<const Field> sent) {
  std::vector<std::string_view> out = given.signed_headers;
  out.insert(out.end(), {"host", "x-amz-date", "x-amz-security-token"});
  std::ranges::sort(out);
  const auto twice = std::ranges::unique(out);
  out.erase(twice.begin(), twice.end());
  std::erase_if(out, [sent](std::string_view name) { return Find(sent, name).count == 0; });
  return out;
}

std::optional<int> Digits(std::string_view text) {
  int out = 0;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), out).ptr;
  const bool all = end == text.data() + text.size() && text.front() != '-';
  return all ? std::optional(out) : std::nullopt;
}

}  // namespace

std::optional<std::int64_t> ParseSigningTime(std::string_view text) {
  using namespace std::chrono;
  if (text.size() != 16 || text[8] != 'T' || text[15] != 'Z') return std::nullopt;
  const auto year_part = Digits(text.substr(0, 4));
  const auto month_part = Digits(text.substr(4, 2)), day_part = Digits(text.substr(6, 2));
  const auto hour = Digits(text.substr(9, 2)), minute = Digits(text.substr(11, 2));
  const auto second = Digits(text.substr(13, 2));
  if (!year_part || !month_part || !day_part || !hour || !minute || !second) return std::nullopt;
  const year_month_day date{year(*year_part), month(static_cast<unsigned>(*month_part)),
                            day(static_cast<unsigned>(*day_part))};
  if (!date.ok() || *hour > 23 || *minute > 59 || *second > 59) return std::nullopt;
  const auto since = sys_days(date).time_since_epoch();
  return duration_cast<seconds>(since).count() + *hour * 3600 + *minute * 60 + *second;
}

std::string SigningProblem(const policy::RequestSigning& signing, const SignedRequest& request,
                           std::int64_t now) {
  if (IsPresigned(request.target)) return "takes no request that is signed in its query";
  const OneField given = Find(request.fields, "authorization");
  const auto authorization =
      given.count == 1 ? sigv4::ParseAuthorization(given.value) : std::nullopt;
  if (!authorization) return "wants one Authorization of AWS4-HMAC-SHA256";
  std::string problem = ScopeProblem(signing, *authorization);
  if (problem.empty()) problem = TimeProblem(request.fields, authorization->date, now);
  if (problem.empty()) problem = PayloadProblem(request);
  return problem;
}

bool SignsBody(std::span<const Field> fields) {
  return !IsUnsigned(Find(fields, kContentHash).value);
}

std::string SignAgain(const sigv4::Authorization& given, const sigv4::Request& sent,
                      const SecretText& access_key_id, const SecretText& secret_access_key) {
  const std::vector<std::string_view> names = SignedNames(given, sent.fields);
  const sigv4::Scope scope{Find(sent.fields, "x-amz-date").value, given.region, given.service};
  std::string canonical = sigv4::CanonicalRequest(sent, names, given.service);
  const std::string signature = sigv4::Sign(scope, secret_access_key.view(), canonical);
  Wipe(canonical);  // A session token is among its fields.
  return fmt::format("{} Credential={}/{}, SignedHeaders={}, Signature={}", sigv4::kAlgorithm,
                     access_key_id.view(), scope.Text(), fmt::join(names, ";"), signature);
}

std::optional<std::string> PayloadHash(std::span<const Field> fields, std::string_view body) {
  const OneField said = Find(fields, kContentHash);
  if (IsUnsigned(said.value)) return std::string(said.value);
  std::string made = Hex(Sha256(body));
  if (said.count > 0 && said.value != made) return std::nullopt;
  return made;
}

}  // namespace ambit::proxy
