#include "config/config.h"

#include <gtest/gtest.h>

#include <ctime>
#include <string>

#include "loading.h"

namespace ambit::config {
namespace {

/// The processor time that loading takes with `keys` entries in each of two layers, in seconds.
double SecondsFor(int keys) {
  std::string system = "[permissions.p.filesystem]\n";
  std::string user = "default_permissions = 'p'\n" + system;
  for (int i = 0; i < keys; ++i) {
    const std::string path = "/srv/a/long/enough/path/" + std::to_string(i);
    system += "'" + path + "' = 'deny'\n";
    user += "'" + path + (i % 2 == 0 ? "" : "x") + "' = { a = 'read', b = 'write' }\n";
  }
  Loading loading;
  loading.System(std::move(system)).User(std::move(user));
  const std::clock_t start = std::clock();
  EXPECT_GE(loading.Get().profile.filesystem.size(), static_cast<std::size_t>(keys));
  return static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
}

TEST(LoadAndSelect, TakesTimeInProportionToTheKeys) {
  const double few = SecondsFor(5'000);
  const double many = SecondsFor(50'000);
  // Quadratic work would take a hundred times as long. The allowance is for cold caches.
  EXPECT_LT(many, 40 * few + 0.5);
}

TEST(LoadAndSelect, HandsOutWhatBindsTheProfile) {
  Loading loading;
  loading.Require(
      "permissions.filesystem.deny_read = ['/d', '~/.ssh', '/x/**/*.env']\n"
      "require_engine = ['native']\nrequire_proof = true\n"
      "[experimental_network]\nenabled = true\nallowed_domains = ['A.example.']\n");
  const Selected selected = loading.P(":workspace").Get();
  ASSERT_EQ(selected.managed_denies.size(), 3U);
  EXPECT_EQ(selected.managed_denies[1].text, "~/.ssh");
  EXPECT_EQ(selected.require_engine->value, std::vector<std::string>{"native"});
  EXPECT_TRUE(selected.require_proof);
  EXPECT_TRUE(selected.managed_network->domains.at("a.example").value);
  EXPECT_EQ(selected.lineage, std::vector<std::string>{":workspace"});
}

TEST(LoadAndSelect, AFileThatCannotBeReadIsAnErrorNotAMissingFile) {
  Loading loading;
  loading.disk.Dir("/home/u/.config/ambit/config.toml");
  EXPECT_NE(loading.Refusal(), "");
}

TEST(LoadAndSelect, NoInputIsEverTakenAsOneLineTooMany) {
  Loading loading;
  loading.User("[permissions.\"a\\nb\"]\nextends = \"x\\ny\"\n");
  const std::string refusal = loading.P("a\nb").Refusal();
  EXPECT_EQ(refusal.find('\n'), std::string::npos) << refusal;
  EXPECT_NE(refusal.find("'a\\nb' extends 'x\\ny'"), std::string::npos) << refusal;
}

}  // namespace
}  // namespace ambit::config
