#include "cli/trust_bundle.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/fake_file_view.h"

namespace ambit::cli {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing_support::FakeFileView;

std::string Block(std::string_view content) {
  return "-----BEGIN CERTIFICATE-----\n" + std::string(content) + "\n-----END CERTIFICATE-----";
}
bool Always(const std::string& /*path*/) { return true; }

TEST(TrustBundle, TakesCertificatesOnceAndNothingElse) {
  TrustBundle bundle;
  bundle.Add("# a comment\n" + Block("A") + "\n-----BEGIN PRIVATE KEY-----\nK\n" +
             "-----END PRIVATE KEY-----\n" + Block("B") + "\n" + Block("A"));
  EXPECT_EQ(bundle.Text(), Block("A") + "\n" + Block("B") + "\n");
  bundle.Add("-----BEGIN CERTIFICATE-----\nhalf");
  EXPECT_THAT(bundle.certificates(), ElementsAre(Block("A"), Block("B")));
}

TEST(TrustBundle, TakesTheFirstBundleOfTheHost) {
  FakeFileView files;
  files.File("/etc/ssl/certs/ca-certificates.crt", Block("A"));
  files.File("/etc/ssl/cert.pem", Block("B"));
  TrustBundle bundle;
  bundle.AddPlatform(files);
  EXPECT_THAT(bundle.certificates(), ElementsAre(Block("A")));
}

TEST(TrustBundle, TakesWhatVariablesNameAndRulesPermit) {
  FakeFileView files;
  files.File("/home/u/one.pem", Block("A"));
  files.File("/home/u/secret.pem", Block("S"));
  const std::vector<std::string> environment = {"SSL_CERT_FILE=/home/u/one.pem",
                                                "CURL_CA_BUNDLE=/home/u/secret.pem",
                                                "PIP_CERT=relative.pem", "DENO_CERT=/missing"};
  TrustBundle bundle;
  bundle.AddUsers(environment, files,
                  [](const std::string& path) { return path != "/home/u/secret.pem"; });
  EXPECT_THAT(bundle.certificates(), ElementsAre(Block("A")));
  bundle.AddUsers(environment, files, Always);
  EXPECT_THAT(bundle.certificates(), ElementsAre(Block("A"), Block("S")));
}

TEST(TrustVariables, ReplaceWhatIsThereAndKeepWhatJavaWasTold) {
  std::vector<std::string> environment = {"SSL_CERT_FILE=/x", "SSL_CERT_DIR=/y", "SSL_CERT_DIRS=z",
                                          "JAVA_TOOL_OPTIONS=-Da=b"};
  AddTrustVariables("/b.pem", "/b.p12", environment);
  EXPECT_THAT(environment, Contains("SSL_CERT_FILE=/b.pem"));
  EXPECT_THAT(environment, Contains("GIT_SSL_CAINFO=/b.pem"));
  EXPECT_THAT(environment, Contains("SSL_CERT_DIRS=z"));
  EXPECT_THAT(environment, Not(Contains("SSL_CERT_DIR=/y")));
  EXPECT_THAT(environment,
              Contains(testing::AllOf(
                  HasSubstr("JAVA_TOOL_OPTIONS=-Da=b -Djavax.net.ssl.trustStore=/b.p12"),
                  HasSubstr("trustStoreType=PKCS12"))));
}

}  // namespace
}  // namespace ambit::cli
