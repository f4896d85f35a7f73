#include "proxy/trust_store.h"

#include <openssl/pkcs12.h>

#include <memory>
#include <vector>

namespace ambit::proxy {
namespace {

/// trustedKeyUsage of Java, and the purpose "any" (anyExtendedKeyUsage).
constexpr const char* kTrustedKeyUsage = "2.16.840.1.113894.746875.1.1";
constexpr const char* kAnyPurpose = "2.5.29.37.0";
constexpr int kNotEncrypted = -1;
constexpr int kRounds = 1024;

template <auto Free>
struct Freer {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};
using Certificate = std::unique_ptr<X509, Freer<X509_free>>;
using Object = std::unique_ptr<ASN1_OBJECT, Freer<ASN1_OBJECT_free>>;
using Store = std::unique_ptr<PKCS12, Freer<PKCS12_free>>;

void FreeBags(STACK_OF(PKCS12_SAFEBAG) * bags) {
  sk_PKCS12_SAFEBAG_pop_free(bags, PKCS12_SAFEBAG_free);
}
void FreeParts(STACK_OF(PKCS7) * parts) { sk_PKCS7_pop_free(parts, PKCS7_free); }
using Bags = std::unique_ptr<STACK_OF(PKCS12_SAFEBAG), Freer<FreeBags>>;
using Parts = std::unique_ptr<STACK_OF(PKCS7), Freer<FreeParts>>;

std::unexpected<Error> Failed() {
  return Fail(ErrorCode::kSystem, "cannot make a store of certificates for Java");
}

/// The certificate between the lines of a PEM block (RFC 7468).
Certificate Parse(std::string_view block) {
  constexpr std::string_view kDashes = "-----";
  const std::size_t begin = block.find('\n');
  const std::size_t end = block.rfind(kDashes, block.size() - kDashes.size());
  if (begin == std::string_view::npos || end == std::string_view::npos || end < begin) {
    return nullptr;
  }
  std::string digits;
  for (const char c : block.substr(begin, block.rfind('\n', end) - begin)) {
    if (c != '\n' && c != '\r' && c != ' ') digits += c;
  }
  std::vector<unsigned char> bytes(digits.size() / 4 * 3 + 3);
  const int size =
      EVP_DecodeBlock(bytes.data(), reinterpret_cast<const unsigned char*>(digits.data()),
                      static_cast<int>(digits.size()));
  if (size <= 0) return nullptr;
  const unsigned char* at = bytes.data();
  return Certificate(d2i_X509(nullptr, &at, size));
}

bool AddTrusted(STACK_OF(PKCS12_SAFEBAG) * bags, X509* certificate, std::size_t number) {
  const Object any(OBJ_txt2obj(kAnyPurpose, 1));
  PKCS12_SAFEBAG* const bag = PKCS12_SAFEBAG_create_cert(certificate);
  const std::string alias = "ambit-" + std::to_string(number);
  const bool made =
      any && bag != nullptr &&
      PKCS12_add_friendlyname_asc(bag, alias.c_str(), static_cast<int>(alias.size())) == 1 &&
      PKCS12_add1_attr_by_txt(bag, kTrustedKeyUsage, V_ASN1_OBJECT,
                              reinterpret_cast<const unsigned char*>(any.get()), -1) == 1 &&
      sk_PKCS12_SAFEBAG_push(bags, bag) > 0;
  if (!made) PKCS12_SAFEBAG_free(bag);
  return made;
}

}  // namespace

Result<std::string> ToTrustStore(std::span<const std::string> certificates) {
  OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_ATEXIT, nullptr);
  const Bags bags(sk_PKCS12_SAFEBAG_new_null());
  std::size_t number = 0;
  for (const std::string& block : certificates) {
    const Certificate certificate = Parse(block);
    if (certificate && !AddTrusted(bags.get(), certificate.get(), ++number)) return Failed();
  }
  STACK_OF(PKCS7)* list = nullptr;
  const bool packed = PKCS12_add_safe(&list, bags.get(), kNotEncrypted, 0, nullptr) == 1;
  const Parts parts(list);
  const Store store(packed ? PKCS12_add_safes(list, 0) : nullptr);
  // Old versions of Java know no other digest here.
  if (!store || PKCS12_set_mac(store.get(), kTrustStorePassword.data(), -1, nullptr, 0, kRounds,
                               EVP_sha1()) != 1) {
    return Failed();
  }
  unsigned char* bytes = nullptr;
  const int size = i2d_PKCS12(store.get(), &bytes);
  if (size <= 0) return Failed();
  std::string out(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size));
  OPENSSL_free(bytes);
  return out;
}

}  // namespace ambit::proxy
