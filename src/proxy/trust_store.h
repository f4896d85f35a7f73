#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace ambit::proxy {

/// The password under which Java opens the store; there is nothing secret in it.
inline constexpr std::string_view kTrustStorePassword = "changeit";

/// The certificates (one PEM block each) as a PKCS #12 store in which Java takes each for trusted
/// (RFC 7292, with the attribute that keytool(1) writes). What is no certificate is left out.
/// Errors: kSystem.
Result<std::string> ToTrustStore(std::span<const std::string> certificates);

}  // namespace ambit::proxy
