#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>

#include "base/result.h"
#include "policy/destination.h"

namespace ambit::proxy {

/// What a server shows, and the key that proves it is its own; both DER (X.509, and PKCS #8 or
/// SEC 1).
struct LeafCertificate {
  std::string certificate;
  std::string key;
};

/// Issues certificates for hosts, so that we can stand in for them towards the one command that is
/// told to trust us. The keys, EC on P-256, are made here and never leave this process's memory.
class CertificateAuthority {
 public:
  static constexpr std::size_t kMostLeaves = 256;  ///< Kept at one time.

  /// Makes new keys. Errors: kSystem, no random bytes.
  static Result<std::unique_ptr<CertificateAuthority>> Make();
  CertificateAuthority(const CertificateAuthority&) = delete;
  CertificateAuthority& operator=(const CertificateAuthority&) = delete;
  ~CertificateAuthority();

  /// Its own certificate, PEM.
  [[nodiscard]] const std::string& pem() const { return pem_; }

  /// For the host of `to` and nothing else: valid from an hour ago for a day, made once and again
  /// after half of that. `now` is any clock in seconds that does not go back. The answer stays
  /// valid until the next call.
  Result<const LeafCertificate*> For(const policy::Destination& to, std::uint64_t now);

 private:
  struct Keys;
  struct Kept {
    LeafCertificate leaf;
    std::uint64_t made = 0;
  };
  CertificateAuthority();
  Result<> MakeRoot();

  std::unique_ptr<Keys> keys_;
  std::string leaf_key_;
  std::string pem_;
  std::unordered_map<std::string, Kept> leaves_;
};

}  // namespace ambit::proxy
