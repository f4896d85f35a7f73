#pragma once

#include <memory>
#include <string>
#include <utility>

#include "base/result.h"
#include "proxy/certificate_authority.h"
#include "proxy/tls.h"

namespace ambit::proxy {

/// What it takes to look into TLS.
class Inspection {
 public:
  /// `roots`: see Tls::Make. Errors: kSystem.
  static Result<std::unique_ptr<Inspection>> Make(std::string roots) {
    auto out = std::make_unique<Inspection>();
    AMBIT_TRY(out->authority, CertificateAuthority::Make());
    AMBIT_TRY(out->tls, Tls::Make(std::move(roots), true));
    return out;
  }

  /// Of the authority, PEM: who trusts it can be looked into.
  [[nodiscard]] const std::string& certificate() const { return authority->pem(); }

  std::unique_ptr<CertificateAuthority> authority;
  std::unique_ptr<Tls> tls;
};

}  // namespace ambit::proxy
