#include "proxy/certificate_authority.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <utility>

#include "base/freed_by.h"
#include "os/process_info.h"

namespace ambit::proxy {
namespace {

constexpr long kVersion3 = 2;
constexpr long kHour = 3600;
/// A run may take longer than a leaf lives, but not this long.
constexpr long kRootLife = 365 * 24 * kHour;
constexpr long kLeafLife = 24 * kHour;
constexpr std::size_t kSerialBytes = 16;

using Key = std::unique_ptr<EVP_PKEY, FreedBy<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, FreedBy<X509_free>>;
using Extension = std::unique_ptr<X509_EXTENSION, FreedBy<X509_EXTENSION_free>>;
using Names = std::unique_ptr<GENERAL_NAMES, FreedBy<GENERAL_NAMES_free>>;
using Serial = std::unique_ptr<BIGNUM, FreedBy<BN_free>>;

std::unexpected<Error> Failed(std::string_view what) {
  return Fail(ErrorCode::kSystem, "cannot make " + std::string(what) + " for looking into TLS");
}

Key NewKey() { return Key(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256")); }

template <class Object>
std::string ToDer(const Object* object, int (*encode)(const Object*, unsigned char**)) {
  unsigned char* bytes = nullptr;
  const int size = encode(object, &bytes);
  if (size <= 0) return "";
  std::string out(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size));
  OPENSSL_clear_free(bytes, static_cast<std::size_t>(size));
  return out;
}

std::string ToPem(X509* certificate) {
  const std::unique_ptr<BIO, FreedBy<BIO_free_all>> out(BIO_new(BIO_s_mem()));
  if (!out || PEM_write_bio_X509(out.get(), certificate) != 1) return "";
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(out.get(), &bytes);
  return size > 0 ? std::string(bytes, static_cast<std::size_t>(size)) : "";
}

/// Positive, and different for every certificate (RFC 5280 §4.1.2.2).
bool SetSerial(X509* certificate) {
  Result<std::string> digits = os::RandomHex(kSerialBytes);
  if (!digits) return false;
  digits->front() = '4';  // neither zero nor negative
  BIGNUM* number = nullptr;
  if (BN_hex2bn(&number, digits->c_str()) == 0) return false;
  const Serial owned(number);
  return BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)) != nullptr;
}

/// A certificate without names and extensions, valid from an hour ago.
Certificate NewCertificate(EVP_PKEY* key, long life) {
  Certificate out(X509_new());
  if (!out || X509_set_version(out.get(), kVersion3) != 1 || !SetSerial(out.get()) ||
      X509_gmtime_adj(X509_getm_notBefore(out.get()), -kHour) == nullptr ||
      X509_gmtime_adj(X509_getm_notAfter(out.get()), life) == nullptr ||
      X509_set_pubkey(out.get(), key) != 1) {
    return nullptr;
  }
  return out;
}

bool AddExtension(X509* certificate, X509* issuer, int what, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const Extension extension(X509V3_EXT_conf_nid(nullptr, &context, what, value));
  return extension && X509_add_ext(certificate, extension.get(), -1) == 1;
}

/// The one name, critical because the subject is empty (RFC 5280 §4.2.1.6).
bool AddHost(X509* certificate, const policy::Destination& to) {
  GENERAL_NAME* const name = GENERAL_NAME_new();
  const Names names(GENERAL_NAMES_new());
  if (name == nullptr || !names || sk_GENERAL_NAME_push(names.get(), name) == 0) {
    GENERAL_NAME_free(name);
    return false;
  }
  ASN1_STRING* value = nullptr;
  std::string bytes;
  if (const IpAddress* const address = to.address()) {
    const auto view = address->bytes();
    bytes.assign(view.begin(), view.end());
    value = ASN1_OCTET_STRING_new();
    GENERAL_NAME_set0_value(name, GEN_IPADD, value);
  } else {
    bytes = *to.name();
    value = ASN1_IA5STRING_new();
    GENERAL_NAME_set0_value(name, GEN_DNS, value);
  }
  return value != nullptr &&
         ASN1_STRING_set(value, bytes.data(), static_cast<int>(bytes.size())) == 1 &&
         X509_add1_ext_i2d(certificate, NID_subject_alt_name, names.get(), 1, 0) == 1;
}

}  // namespace

struct CertificateAuthority::Keys {
  Key root, leaf;
  Certificate certificate;
};

CertificateAuthority::CertificateAuthority() : keys_(std::make_unique<Keys>()) {}

CertificateAuthority::~CertificateAuthority() {
  OPENSSL_cleanse(leaf_key_.data(), leaf_key_.size());
}

Result<std::unique_ptr<CertificateAuthority>> CertificateAuthority::Make() {
  // No file and no variable of the user's may change what the library does here.
  OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_ATEXIT, nullptr);
  std::unique_ptr<CertificateAuthority> out(new CertificateAuthority);
  AMBIT_CHECK(out->MakeRoot());
  return out;
}

Result<> CertificateAuthority::MakeRoot() {
  keys_->root = NewKey();
  keys_->leaf = NewKey();
  if (!keys_->root || !keys_->leaf) return Failed("a key");
  leaf_key_ = ToDer(keys_->leaf.get(), i2d_PrivateKey);
  keys_->certificate = NewCertificate(keys_->root.get(), kRootLife);
  X509* const root = keys_->certificate.get();
  if (root == nullptr || leaf_key_.empty()) return Failed("a certificate");
  // Two runs never have the same name, so that no client mixes their certificates up.
  AMBIT_TRY(const std::string mark, os::RandomHex(4));
  const std::string name = "ambit, one run (" + mark + ")";
  X509_NAME* const subject = X509_get_subject_name(root);
  const auto* const bytes = reinterpret_cast<const unsigned char*>(name.data());
  const bool made = X509_NAME_add_entry_by_NID(subject, NID_commonName, MBSTRING_UTF8, bytes,
                                               static_cast<int>(name.size()), -1, 0) == 1 &&
                    X509_set_issuer_name(root, subject) == 1 &&
                    AddExtension(root, root, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") &&
                    AddExtension(root, root, NID_key_usage, "critical,keyCertSign,cRLSign") &&
                    AddExtension(root, root, NID_subject_key_identifier, "hash") &&
                    X509_sign(root, keys_->root.get(), EVP_sha256()) > 0;
  if (made) pem_ = ToPem(root);
  if (pem_.empty()) return Failed("a certificate");
  return {};
}

Result<const LeafCertificate*> CertificateAuthority::For(const policy::Destination& to,
                                                         std::uint64_t now) {
  const std::string host = to.HostText();
  if (const auto found = leaves_.find(host); found != leaves_.end()) {
    if (now - found->second.made < static_cast<std::uint64_t>(kLeafLife / 2)) {
      return &found->second.leaf;
    }
    leaves_.erase(found);
  }
  const Certificate leaf = NewCertificate(keys_->leaf.get(), kLeafLife);
  X509* const root = keys_->certificate.get();
  const bool made = leaf && X509_set_issuer_name(leaf.get(), X509_get_subject_name(root)) == 1 &&
                    AddHost(leaf.get(), to) &&
                    AddExtension(leaf.get(), root, NID_basic_constraints, "critical,CA:FALSE") &&
                    AddExtension(leaf.get(), root, NID_key_usage, "critical,digitalSignature") &&
                    AddExtension(leaf.get(), root, NID_ext_key_usage, "serverAuth") &&
                    AddExtension(leaf.get(), root, NID_authority_key_identifier, "keyid:always") &&
                    X509_sign(leaf.get(), keys_->root.get(), EVP_sha256()) > 0;
  if (!made) return Failed("a certificate");
  if (leaves_.size() >= kMostLeaves) leaves_.clear();
  Kept& kept = leaves_[host];
  kept.leaf = {ToDer(leaf.get(), i2d_X509), leaf_key_};
  kept.made = now;
  return &kept.leaf;
}

}  // namespace ambit::proxy
