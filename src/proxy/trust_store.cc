#include "proxy/trust_store.h"

#include <openssl/pkcs12.h>

#include <algorithm>
#include <array>
#include <optional>

#include "audit/flat_json.h"
#include "os/process_info.h"

namespace ambit::proxy {
namespace {

using std::string_view_literals::operator""sv;

// Tags of X.690, and object identifiers as they stand in DER.
constexpr char kInteger = 0x02, kOctets = 0x04, kWideText = 0x1e, kSequence = 0x30, kSet = 0x31;
constexpr char kExplicit0 = static_cast<char>(0xa0);
constexpr std::string_view kData = "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01"sv;
constexpr std::string_view kCertBag = "\x06\x0b\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x0a\x01\x03"sv;
constexpr std::string_view kX509 = "\x06\x0a\x2a\x86\x48\x86\xf7\x0d\x01\x09\x16\x01"sv;
constexpr std::string_view kFriendlyName = "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x09\x14"sv;
/// 2.16.840.1.113894.746875.1.1, Java's trustedKeyUsage, and anyExtendedKeyUsage.
constexpr std::string_view kTrustedUsage =
    "\x06\x0c\x60\x86\x48\x01\x86\xf9\x66\xad\xca\x7b\x01\x01"sv;
constexpr std::string_view kAnyUsage = "\x06\x04\x55\x1d\x25\x00"sv;
constexpr std::string_view kSha1WithNull = "\x06\x05\x2b\x0e\x03\x02\x1a\x05\x00"sv;
constexpr std::string_view kVersion3 = "\x02\x01\x03"sv;
constexpr int kRounds = 1024;
constexpr std::string_view kRoundsText = "\x04\x00"sv;
constexpr std::size_t kSha1Bytes = 20, kSaltBytes = 8;

std::string Der(char tag, std::string_view content) {
  std::string out(1, tag);
  if (content.size() < 0x80) {
    out += static_cast<char>(content.size());
  } else {
    std::string digits;
    for (std::size_t left = content.size(); left > 0; left >>= 8U) {
      digits.insert(digits.begin(), static_cast<char>(left & 0xffU));
    }
    out += static_cast<char>(0x80U | digits.size());
    out += digits;
  }
  return out.append(content);
}

std::string Join(std::string_view a, std::string_view b, std::string_view c = {}) {
  std::string out;
  out.reserve(a.size() + b.size() + c.size());
  return out.append(a).append(b).append(c);
}

/// The certificate between the lines of a PEM block (RFC 7468).
std::optional<std::string> Decode(std::string_view block) {
  const std::size_t begin = block.find('\n');
  const std::size_t end = block.rfind('\n');
  if (begin == std::string_view::npos || end <= begin) return std::nullopt;
  std::string digits;
  for (const char c : block.substr(begin, end - begin)) {
    if (c != '\n' && c != '\r' && c != ' ') digits += c;
  }
  std::optional<std::string> out = audit::FromBase64(digits);
  if (!out || !out->starts_with(kSequence)) return std::nullopt;
  return out;
}

std::string Attribute(std::string_view what, std::string_view value) {
  return Der(kSequence, Join(what, Der(kSet, value)));
}

/// One certificate that Java trusts for every purpose, under a name of its own.
std::string Bag(std::string_view certificate, std::size_t number) {
  std::string wide;
  for (const char c : "ambit-" + std::to_string(number)) wide += std::string({'\0', c});
  std::array<std::string, 2> attributes = {Attribute(kFriendlyName, Der(kWideText, wide)),
                                           Attribute(kTrustedUsage, kAnyUsage)};
  std::ranges::sort(attributes);  // as DER wants a set
  const std::string value = Der(kSequence, Join(kX509, Der(kExplicit0, Der(kOctets, certificate))));
  return Der(kSequence,
             Join(kCertBag, Der(kExplicit0, value), Der(kSet, Join(attributes[0], attributes[1]))));
}

/// ContentInfo of type data (RFC 2315 §7).
std::string Content(std::string_view bytes) {
  return Der(kSequence, Join(kData, Der(kExplicit0, Der(kOctets, bytes))));
}

/// The check value of RFC 7292 Appendix B. Old versions of Java know no other digest here.
std::optional<std::string> Mac(std::string_view bytes, std::string& salt) {
  std::array<unsigned char, kSha1Bytes> key{}, out{};
  std::size_t size = 0;
  const bool made =
      PKCS12_key_gen_utf8(kTrustStorePassword.data(), static_cast<int>(kTrustStorePassword.size()),
                          reinterpret_cast<unsigned char*>(salt.data()),
                          static_cast<int>(salt.size()), PKCS12_MAC_ID, kRounds,
                          static_cast<int>(key.size()), key.data(), EVP_sha1()) == 1 &&
      EVP_Q_mac(nullptr, "HMAC", nullptr, "SHA1", nullptr, key.data(), key.size(),
                reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), out.data(),
                out.size(), &size) != nullptr;
  if (!made) return std::nullopt;
  return std::string(reinterpret_cast<const char*>(out.data()), size);
}

}  // namespace

/// Written by hand: the library would decode every certificate and key for it, which takes ten
/// times as long as all else at the start of a command.
Result<std::string> ToTrustStore(std::span<const std::string> certificates) {
  OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_ATEXIT, nullptr);
  std::string bags;
  std::size_t number = 0;
  for (const std::string& block : certificates) {
    if (const auto certificate = Decode(block)) bags += Bag(*certificate, ++number);
  }
  const std::string safe = Der(kSequence, Content(Der(kSequence, bags)));
  AMBIT_TRY(std::string salt, os::RandomHex(kSaltBytes));
  const std::optional<std::string> mac = Mac(safe, salt);
  if (!mac) return Fail(ErrorCode::kSystem, "cannot make a store of certificates for Java");
  const std::string digest =
      Der(kSequence, Join(Der(kSequence, kSha1WithNull), Der(kOctets, *mac)));
  const std::string check =
      Der(kSequence, Join(digest, Der(kOctets, salt), Der(kInteger, kRoundsText)));
  return Der(kSequence, Join(kVersion3, Content(safe), check));
}

}  // namespace ambit::proxy
