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
constexpr std::size_t kBagBytes = 160;  ///< More than what goes around a certificate.

/// Tag and length of so many bytes of content.
std::string Head(char tag, std::size_t length) {
  std::string out(1, tag);
  if (length < 0x80) return out += static_cast<char>(length);
  std::string digits;
  for (std::size_t left = length; left > 0; left >>= 8U) {
    digits.insert(digits.begin(), static_cast<char>(left & 0xffU));
  }
  out += static_cast<char>(0x80U | digits.size());
  return out += digits;
}

std::string Der(char tag, std::string_view content) {
  return Head(tag, content.size()).append(content);
}

/// DER written from its end to its beginning: then every length is known when it is written, and
/// what lies many levels deep is copied once.
class Backwards {
 public:
  explicit Backwards(std::size_t room) : room_(room, '\0') {}

  void Put(std::string_view text) {
    if (text.size() > room_.size() - size_) room_.insert(0, room_.size() + text.size(), '\0');
    size_ += text.size();
    std::ranges::copy(text, room_.end() - static_cast<std::ptrdiff_t>(size_));
  }
  /// Makes one object of all but the last `behind` bytes.
  void Wrap(char tag, std::size_t behind) { Put(Head(tag, size_ - behind)); }

  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] std::string_view view() const {
    return std::string_view(room_).substr(room_.size() - size_);
  }

 private:
  std::string room_;
  std::size_t size_ = 0;
};

/// The certificate between the lines of a PEM block (RFC 7468).
std::optional<std::string> Decode(std::string_view block) {
  const std::size_t begin = block.find('\n');
  const std::size_t end = block.rfind('\n');
  if (begin == std::string_view::npos || end <= begin) return std::nullopt;
  std::string digits;
  digits.reserve(end - begin);
  for (const char c : block.substr(begin, end - begin)) {
    if (c != '\n' && c != '\r' && c != ' ') digits += c;
  }
  std::optional<std::string> out = audit::FromBase64(digits);
  if (!out || !out->starts_with(kSequence)) return std::nullopt;
  return out;
}

std::string Attribute(std::string_view what, std::string_view value) {
  return Der(kSequence, std::string(what) + Der(kSet, value));
}

/// One certificate that Java trusts for every purpose, under a name of its own.
void PutBag(Backwards& out, std::string_view certificate, std::size_t number) {
  std::string wide;
  for (const char c : "ambit-" + std::to_string(number)) wide += std::string({'\0', c});
  std::array<std::string, 2> attributes = {Attribute(kFriendlyName, Der(kWideText, wide)),
                                           Attribute(kTrustedUsage, kAnyUsage)};
  std::ranges::sort(attributes);  // as DER wants a set
  const std::size_t end = out.size();
  out.Put(Der(kSet, attributes[0] + attributes[1]));
  const std::size_t behind = out.size();
  out.Put(certificate);
  out.Wrap(kOctets, behind);
  out.Wrap(kExplicit0, behind);
  out.Put(kX509);
  out.Wrap(kSequence, behind);
  out.Wrap(kExplicit0, behind);
  out.Put(kCertBag);
  out.Wrap(kSequence, end);
}

/// Makes a ContentInfo of type data (RFC 2315 §7) of all that was written.
void WrapContent(Backwards& out) {
  out.Wrap(kOctets, 0);
  out.Wrap(kExplicit0, 0);
  out.Put(kData);
  out.Wrap(kSequence, 0);
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
  std::size_t room = 0;
  for (const std::string& block : certificates) room += block.size() + kBagBytes;
  Backwards out(room);
  for (std::size_t number = certificates.size(); number > 0; --number) {
    const auto certificate = Decode(certificates[number - 1]);
    if (certificate) PutBag(out, *certificate, number);
  }
  out.Wrap(kSequence, 0);
  WrapContent(out);
  out.Wrap(kSequence, 0);
  AMBIT_TRY(std::string salt, os::RandomHex(kSaltBytes));
  const std::optional<std::string> mac = Mac(out.view(), salt);
  if (!mac) return Fail(ErrorCode::kSystem, "cannot make a store of certificates for Java");
  WrapContent(out);
  out.Put(kVersion3);
  const std::string digest = Der(kSequence, Der(kSequence, kSha1WithNull) + Der(kOctets, *mac));
  const std::string check =
      Der(kSequence, digest + Der(kOctets, salt) + Der(kInteger, kRoundsText));
  std::string store = Head(kSequence, out.size() + check.size());
  store.reserve(store.size() + out.size() + check.size());
  return store.append(out.view()).append(check);
}

}  // namespace ambit::proxy
