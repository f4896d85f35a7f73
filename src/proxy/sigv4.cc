#include "proxy/sigv4.h"

#include <algorithm>
#include <utility>

#include "base/ascii.h"
#include "base/secret_text.h"
#include "proxy/digest.h"
#include "proxy/http_fields.h"

namespace ambit::proxy::sigv4 {
namespace {

constexpr std::string_view kTerminator = "aws4_request";

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

int HexDigit(char c) {
  if (IsDigit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// Up to `mark`, which is taken away as well; all of it where there is none.
std::string_view TakeUntil(std::string_view& rest, char mark) {
  const std::size_t end = rest.find(mark);
  const std::string_view out = rest.substr(0, end);
  rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  return out;
}

/// What may stand in the parts of a credential scope.
bool IsWord(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return c > 0x20 && c < 0x7f && c != '/' && c != ',' && c != '=';
  });
}

bool ReadCredential(std::string_view rest, Authorization& out) {
  out.access_key_id = TakeUntil(rest, '/');
  out.date = TakeUntil(rest, '/');
  out.region = TakeUntil(rest, '/');
  out.service = TakeUntil(rest, '/');
  return rest == kTerminator && IsWord(out.access_key_id) && IsWord(out.region) &&
         IsWord(out.service) && out.date.size() == 8 && std::ranges::all_of(out.date, IsDigit);
}

bool ReadSignedHeaders(std::string_view rest, Authorization& out) {
  while (!rest.empty()) out.signed_headers.push_back(TakeUntil(rest, ';'));
  const auto is_name = [](std::string_view name) {
    return IsToken(name) && std::ranges::none_of(name, [](char c) { return c >= 'A' && c <= 'Z'; });
  };
  return !out.signed_headers.empty() && std::ranges::all_of(out.signed_headers, is_name) &&
         std::ranges::is_sorted(out.signed_headers) &&
         std::ranges::adjacent_find(out.signed_headers) == out.signed_headers.end();
}

/// UriEncode of the guide: everything but unreserved characters (RFC 3986 §2.3).
void AppendEncoded(std::string_view text, bool keep_slash, std::string& out) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  for (const char c : text) {
    const bool plain = IsDigit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                       std::string_view("-._~").find(c) != std::string_view::npos ||
                       (keep_slash && c == '/');
    const auto byte = static_cast<unsigned char>(c);
    if (plain) {
      out += c;
    } else {
      out += '%';
      out += kDigits[byte >> 4U];
      out += kDigits[byte & 15U];
    }
  }
}

std::string Decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const int high = i + 2 < text.size() ? HexDigit(text[i + 1]) : -1;
    const int low = high >= 0 ? HexDigit(text[i + 2]) : -1;
    if (text[i] == '%' && low >= 0) {
      out += static_cast<char>(high * 16 + low);
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

/// Names in which the services of S3 are signed for.
constexpr std::string_view kOfS3[] = {"s3", "s3express", "s3-object-lambda", "s3-outposts"};

/// Every service but S3 encodes what was encoded once more, and takes several slashes for one. No
/// hook lets dot segments through.
std::string CanonicalPath(std::string_view path, std::string_view service) {
  std::string out;
  if (std::ranges::find(kOfS3, service) != std::end(kOfS3)) {
    AppendEncoded(Decoded(path), true, out);
    return out;
  }
  AppendEncoded(path, true, out);
  const auto twice = [](char a, char b) { return a == '/' && b == '/'; };
  const auto rest = std::ranges::unique(out, twice);
  out.erase(rest.begin(), rest.end());
  return out;
}

std::string CanonicalQuery(std::string_view query) {
  std::vector<std::pair<std::string, std::string>> pairs;
  while (!query.empty()) {
    std::string_view value = TakeUntil(query, '&');
    if (value.empty()) continue;
    const std::string_view name = TakeUntil(value, '=');
    auto& pair = pairs.emplace_back();
    AppendEncoded(Decoded(name), false, pair.first);
    AppendEncoded(Decoded(value), false, pair.second);
  }
  std::ranges::sort(pairs);
  std::string out;
  for (const auto& [name, value] : pairs) {
    if (!out.empty()) out += '&';
    out.append(name).append("=").append(value);
  }
  return out;
}

/// Blanks in a row become one.
void AppendValue(std::string_view value, std::string& out) {
  bool blank = false;
  for (const char c : Trim(value, " \t")) {
    if (c == ' ' && blank) continue;
    blank = c == ' ';
    out += c;
  }
}

void AppendField(std::span<const Field> fields, std::string_view name, std::string& out) {
  out.append(name).append(":");
  bool first = true;
  for (const Field& field : fields) {
    if (!EqualsIgnoreCase(field.name, name)) continue;
    if (!std::exchange(first, false)) out += ',';
    AppendValue(field.value, out);
  }
  out += '\n';
}

std::span<const unsigned char> Bytes(std::string_view text) {
  return {reinterpret_cast<const unsigned char*>(text.data()), text.size()};
}

}  // namespace

std::optional<Authorization> ParseAuthorization(std::string_view value) {
  if (!value.starts_with(kAlgorithm) || value.substr(kAlgorithm.size(), 1) != " ") {
    return std::nullopt;
  }
  value.remove_prefix(kAlgorithm.size());
  Authorization out;
  bool has_credential = false;
  bool has_headers = false;
  while (!value.empty()) {
    std::string_view part = Trim(TakeUntil(value, ','), " \t");
    const std::string_view name = TakeUntil(part, '=');
    bool good = false;
    if (name == "Credential" && !has_credential) {
      good = has_credential = ReadCredential(part, out);
    } else if (name == "SignedHeaders" && !has_headers) {
      good = has_headers = ReadSignedHeaders(part, out);
    } else if (name == "Signature" && out.signature.empty()) {
      out.signature = part;
      good =
          part.size() == 64 && std::ranges::all_of(part, [](char c) { return HexDigit(c) >= 0; });
    }
    if (!good) return std::nullopt;
  }
  if (!has_credential || !has_headers || out.signature.empty()) return std::nullopt;
  return out;
}

std::string Scope::Text() const {
  std::string out(time.substr(0, 8));
  out.append("/").append(region).append("/").append(service).append("/").append(kTerminator);
  return out;
}

std::string CanonicalRequest(const Request& request,
                             std::span<const std::string_view> signed_headers,
                             std::string_view service) {
  std::string_view query = request.target;
  const std::string_view path = TakeUntil(query, '?');
  std::string out(request.method);
  out.append("\n").append(CanonicalPath(path, service));
  out.append("\n").append(CanonicalQuery(query)).append("\n");
  std::string names;
  for (const std::string_view name : signed_headers) {
    AppendField(request.fields, name, out);
    names.append(names.empty() ? "" : ";").append(name);
  }
  out.append("\n").append(names).append("\n").append(request.payload_hash);
  return out;
}

std::string Sign(const Scope& scope, std::string_view secret_access_key,
                 std::string_view canonical_request) {
  std::string start = "AWS4";
  start.reserve(start.size() + secret_access_key.size());
  start += secret_access_key;
  Digest key = HmacSha256(Bytes(start), scope.time.substr(0, 8));
  Wipe(start);
  for (const std::string_view part : {scope.region, scope.service, kTerminator}) {
    key = HmacSha256(key, part);
  }
  std::string text(kAlgorithm);
  text.append("\n").append(scope.time).append("\n").append(scope.Text());
  text.append("\n").append(Hex(Sha256(canonical_request)));
  const std::string out = Hex(HmacSha256(key, text));
  Wipe(reinterpret_cast<char*>(key.data()), key.size());
  return out;
}

}  // namespace ambit::proxy::sigv4
