#include "cli/secret_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "unit/policy/network_table.h"

namespace ambit::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class SecretStoreTest : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/ambit-secret-store-XXXXXX";
    ASSERT_NE(::mkdtemp(name), nullptr);
    home_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(home_); }

  void Given(std::string_view toml, std::vector<std::string> environment) {
    loaded_.policy.network.rules = policy::RulesOf(toml);
    loaded_.home = home_;
    around_.environment = std::move(environment);
  }
  const policy::HttpRules& rules() const { return loaded_.policy.network.rules.http(); }
  std::string Refusal() const {
    const auto secrets = ReadSecrets(loaded_, around_);
    return secrets ? "" : ToString(secrets.error());
  }

  std::string home_;
  Loaded loaded_;
  Surroundings around_;
};

constexpr std::string_view kTable = R"(
domains = { "a.example" = "allow" }
credentials.one = { env = "ONE", hosts = ["a.example"] }
credentials.two = { file = "~/two", hosts = ["a.example"] }
mitm.hooks.h = { host = "a.example", methods = ["GET"], path_prefixes = ["/"], action = ["x"] }
mitm.actions.x.inject_request_headers = [{ name = "x", secret_env_var = "KEY" }]
)";

TEST_F(SecretStoreTest, ReadsWhatTheProfileNames) {
  Given(kTable, {"A=b", "ONE= ghp_0123456789abcdef0123\n", "KEY=k1"});
  std::ofstream(home_ + "/two") << "  a secret of a file\n\n";
  const auto secrets = ReadSecrets(loaded_, around_);
  ASSERT_TRUE(secrets) << ToString(secrets.error());
  ASSERT_EQ(secrets->size(), rules().secrets().size());
  std::vector<std::string> real;
  for (const proxy::Secret& secret : *secrets) {
    real.emplace_back(secret.real.view());
    EXPECT_EQ(secret.dummy.size(), secret.real.size());
    EXPECT_NE(secret.dummy, secret.real.view());
  }
  EXPECT_THAT(real, ElementsAre("k1", "ghp_0123456789abcdef0123", "a secret of a file"));
  EXPECT_THAT((*secrets)[1].dummy, StartsWith("ghp_masked"));
  const auto again = ReadSecrets(loaded_, around_);
  EXPECT_NE((*again)[1].dummy, (*secrets)[1].dummy);
}

TEST_F(SecretStoreTest, TellsTheCommandDummies) {
  Given(kTable, {"ONE=ghp_0123456789abcdef0123", "KEY=k1"});
  std::ofstream(home_ + "/two") << "a secret of a file";
  const auto secrets = ReadSecrets(loaded_, around_);
  ASSERT_TRUE(secrets);
  const Dummies dummies = DummiesOf(rules(), *secrets);
  std::vector<std::string> environment = {"A=b"};
  AddDummies(dummies, loaded_.policy.environment, environment);
  EXPECT_THAT(environment, ElementsAre("A=b", "ONE=" + (*secrets)[1].dummy,
                                       "AMBIT_CREDENTIALS={\"one\":\"" + (*secrets)[1].dummy +
                                           "\",\"two\":\"" + (*secrets)[2].dummy + "\"}"));
  loaded_.policy.environment.set["ONE"] = "mine";
  environment = {"ONE=mine"};
  AddDummies(dummies, loaded_.policy.environment, environment);
  EXPECT_EQ(environment.front(), "ONE=mine");
}

constexpr std::string_view kSigning = R"(
domains = { "a.example" = "allow" }
mitm.hooks.h = { host = "a.example", methods = ["GET"], path_prefixes = ["/"], action = ["x"] }
mitm.actions.x.aws_sigv4 = { placeholder_access_key_id = "AKIAPLACEHOLDER1", region = "r", service = "s", access_key_id = { env_var = "ID" }, secret_access_key = { env_var = "KEY" }, session_token = { file = "~/token" } }
)";

TEST_F(SecretStoreTest, TellsTheCommandWithWhatToSign) {
  std::ofstream(home_ + "/token") << "a session token of a file";
  for (const std::string id : {"AKIA0123456789AB", "AKIA0123456789ABCD"}) {
    Given(kSigning, {"ID=" + id, "KEY=0123456789abcdef0123456789"});
    const auto secrets = ReadSecrets(loaded_, around_);
    ASSERT_TRUE(secrets) << ToString(secrets.error());
    // In answers only what is as long can stand for it.
    const std::string& shown = (*secrets)[0].dummy;
    EXPECT_EQ(shown.size(), id.size());
    EXPECT_EQ(shown == "AKIAPLACEHOLDER1", id.size() == 16) << shown;
    std::vector<std::string> environment;
    AddDummies(DummiesOf(rules(), *secrets), loaded_.policy.environment, environment);
    EXPECT_THAT(environment, ElementsAre("ID=AKIAPLACEHOLDER1", "KEY=" + (*secrets)[1].dummy));
  }
}

TEST_F(SecretStoreTest, RefusesWhatIsNoAccessKey) {
  std::ofstream(home_ + "/token") << "a session token of a file";
  Given(kSigning, {"ID=AKIA/0123456789/us", "KEY=0123456789abcdef0123456789"});
  EXPECT_EQ(Refusal(),
            "c.toml:4:135: the secret variable 'ID' holds no access key ID, which is 16 to 128 "
            "letters, digits and '_'");
}

TEST_F(SecretStoreTest, ForgetsWhatTheVariablesHeld) {
  Given(kTable, {"ONE=ghp_0123456789abcdef0123", "KEY=k1", "KEYS=kept"});
  const char* const place = around_.environment[0].data();
  loaded_.policy.environment.secrets = {"KEY", "ONE"};
  ForgetSecretVariables(loaded_.policy.environment, around_);
  EXPECT_THAT(around_.environment, ElementsAre("ONE=", "KEY=", "KEYS=kept"));
  EXPECT_EQ(std::string(place + 4, 24), std::string(24, '\0'));
}

TEST_F(SecretStoreTest, SaysWhatIsMissing) {
  Given(kTable, {"ONE=ghp_0123456789abcdef0123"});
  EXPECT_EQ(Refusal(),
            "c.toml:6:73: the secret variable 'KEY' is not set; set it where ambit is started");
  Given(kTable, {"KEY=", "ONE=x"});
  EXPECT_EQ(Refusal(), "c.toml:6:73: the secret variable 'KEY' is empty");
  Given(kTable, {"KEY=k", "ONE=short-secret"});
  EXPECT_EQ(Refusal(),
            "c.toml:3:27: the secret variable 'ONE' is too short for a credential: 16 characters "
            "are the least; use a hook that injects it");
  Given(kTable, {"KEY=line\nbreak", "ONE=ghp_0123456789abcdef0123"});
  EXPECT_EQ(Refusal(),
            "c.toml:6:73: the secret variable 'KEY' holds what no header can: line breaks or "
            "control characters");
  Given(kTable, {"KEY=k", "ONE=ghp_0123456789abcdef0123"});
  EXPECT_EQ(Refusal(), "c.toml:4:28: the secret file '~/two' cannot be used: cannot open '" +
                           home_ + "/two': No such file or directory");
}

TEST_F(SecretStoreTest, NeverTellsASecret) {
  for (const std::string secret : {"tiny-private", "private\tand\nlong enough for a token"}) {
    Given(kTable, {"KEY=" + secret, "ONE=" + secret});
    EXPECT_THAT(Refusal(), Not(HasSubstr("private")));
    EXPECT_NE(Refusal(), "");
  }
}

}  // namespace
}  // namespace ambit::cli
