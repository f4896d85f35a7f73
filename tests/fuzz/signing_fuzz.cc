// What a command signed is judged without a fault, and what is signed again is of the published
// form: a signature that is read again, over names that are sent, sorted and each once. The
// canonical request has one line for each of its parts, whatever the request holds, and does not
// depend on how path and query of S3 are encoded.
//
// Lines of the input: the target, Authorization, X-Amz-Date, X-Amz-Content-SHA256; then fields, as
// NAME:VALUE.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/request_signing.h"

namespace {

using namespace ambit::proxy;
using ambit::Field;

void Require(bool condition) {
  if (!condition) std::abort();
}

/// As a parser of heads lets it through: no control characters.
std::string_view TakeLine(std::string_view& rest) {
  const std::size_t end = std::min(rest.find('\n'), rest.size());
  const std::string_view out = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return out;
}

/// Every byte of a path or of a pair encoded, so that nothing of its meaning changes.
std::string Encoded(std::string_view text, std::string_view kept) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (kept.find(text[i]) != std::string_view::npos) {
      out += text[i];
    } else {
      const auto byte = static_cast<unsigned char>(text[i]);
      out += '%';
      out += kDigits[byte >> 4U];
      out += kDigits[byte & 15U];
    }
  }
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  const std::string_view target = TakeLine(rest);
  std::vector<Field> fields = {{"Host", "store.example"}, {"Authorization", TakeLine(rest)}};
  fields.push_back({"X-Amz-Date", TakeLine(rest)});
  if (const std::string_view hash = TakeLine(rest); !hash.empty()) {
    fields.push_back({"X-Amz-Content-SHA256", hash});
  }
  while (!rest.empty() && fields.size() < 100) {
    const std::string_view line = TakeLine(rest);
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || colon == 0) continue;
    fields.push_back({line.substr(0, colon), line.substr(colon + 1)});
  }

  ambit::policy::RequestSigning signing;
  signing.placeholder = "AKIAPLACEHOLDER1";
  signing.region = "us-east-1";
  signing.service = "s3";
  const std::int64_t now = 1'440'938'160;
  const bool good = SigningProblem(signing, {target, fields, false}, now).empty();
  const auto given = sigv4::ParseAuthorization(fields[1].value);
  Require(!good || (given && given->access_key_id == signing.placeholder));
  if (!given) return 0;

  const auto hash = PayloadHash(fields, "");
  Require(!good || hash.has_value());
  const std::string payload = hash.value_or("");
  const sigv4::Request sent{"GET", target, fields, payload};
  const ambit::SecretText id("AKIAREALREALREAL"), key("a-secret-key");
  const std::string made = SignAgain(*given, sent, id, key);
  const auto again = sigv4::ParseAuthorization(made);
  if (good) Require(again.has_value());
  if (again) {
    Require(again->access_key_id == id.view() && again->region == given->region);
    Require(again->service == given->service);
  }

  std::vector<std::string_view> names = given->signed_headers;
  const std::string canonical = sigv4::CanonicalRequest(sent, names, "s3");
  // Method, path, query, one for each field and one behind them, names, hash.
  Require(std::ranges::count(canonical, '\n') == static_cast<std::ptrdiff_t>(names.size()) + 5);

  if (target.find('%') != std::string_view::npos) return 0;
  const std::size_t mark = std::min(target.find('?'), target.size());
  const std::string other =
      Encoded(target.substr(0, mark), "/") + Encoded(target.substr(mark), "?&=");
  if (target.find('?', std::min(mark + 1, target.size())) != std::string_view::npos) return 0;
  Require(sigv4::CanonicalRequest({"GET", other, fields, payload}, names, "s3") == canonical);
  return 0;
}
