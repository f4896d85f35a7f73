#include "proxy/trust_store.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "proxy/certificate_authority.h"

namespace ambit::proxy {
namespace {

std::size_t Count(const std::string& text, std::string_view part) {
  std::size_t out = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) {
    ++out;
  }
  return out;
}

// That Java takes it, tests/integration/test_inspected.py tries.
TEST(TrustStore, HoldsEachCertificateAndNothingElse) {
  constexpr std::string_view kTrustedUsage = "\x60\x86\x48\x01\x86\xf9\x66\xad\xca\x7b\x01\x01";
  std::vector<std::string> certificates;
  for (int i = 0; i < 3; ++i) {
    certificates.push_back(CertificateAuthority::Make().value()->pem());
    certificates.back().pop_back();
  }
  certificates.emplace_back("-----BEGIN CERTIFICATE-----\nbm90aGluZw==\n-----END CERTIFICATE-----");
  certificates.emplace_back("no certificate");
  const std::string store = ToTrustStore(certificates).value();
  EXPECT_EQ(Count(store, kTrustedUsage), 3U);
  // SEQUENCE with a length of two bytes that covers the rest.
  ASSERT_GT(store.size(), 4U);
  EXPECT_EQ(store.substr(0, 2), "\x30\x82");
  const auto byte = [&](std::size_t at) {
    return static_cast<std::size_t>(static_cast<unsigned char>(store[at]));
  };
  EXPECT_EQ(byte(2) << 8U | byte(3), store.size() - 4);
}

TEST(TrustStore, MayBeEmpty) { EXPECT_TRUE(ToTrustStore({})); }

}  // namespace
}  // namespace ambit::proxy
