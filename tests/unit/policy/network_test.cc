#include "policy/network.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <initializer_list>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ambit::policy {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Outcome = NetworkVerdict::Outcome;
using Entries = std::initializer_list<std::pair<std::string_view, bool>>;

config::NetworkTable Table(Entries entries, bool local = false) {
  config::NetworkTable table;
  table.enabled = {true, {"c.toml", 1, 1}};
  table.allow_local_binding = {local, {"c.toml", 2, 1}};
  std::uint32_t line = 10;
  for (const auto& [pattern, allow] : entries) {
    table.domains[std::string(pattern)] = {allow, {"c.toml", line++, 1}};
  }
  return table;
}

NetworkRules Rules(const config::NetworkTable& table,
                   const std::optional<config::ManagedNetwork>& managed = std::nullopt) {
  std::vector<config::Notice> notices;
  auto rules = NetworkRules::Make(table, managed, notices);
  EXPECT_TRUE(rules) << rules.error().message;
  return rules ? *std::move(rules) : NetworkRules();
}

std::vector<IpAddress> Ips(std::initializer_list<std::string_view> texts) {
  std::vector<IpAddress> out;
  for (const std::string_view text : texts) out.push_back(*ParseIp(text));
  return out;
}

Destination To(std::string_view host, std::uint16_t port = 443) {
  return *ParseDestination(host, port);
}

NetworkVerdict Before(const NetworkRules& rules, std::string_view host, std::uint16_t port = 443) {
  return rules.Before(To(host, port), Protocol::kConnect);
}

/// "allowed" with the addresses, or the reason.
std::string Decide(const NetworkRules& rules, std::string_view host,
                   std::initializer_list<std::string_view> resolved = {},
                   std::initializer_list<std::string_view> own = {}, std::uint16_t port = 443) {
  std::vector<IpAddress> dial;
  const auto verdict =
      rules.After(To(host, port), Protocol::kConnect, Ips(resolved), Ips(own), dial);
  EXPECT_EQ(verdict.outcome == Outcome::kDial, !dial.empty());
  std::string out(ToWord(verdict.reason));
  for (const IpAddress& address : dial) out += " " + address.Text();
  return out;
}

TEST(NetworkTest, IsOffUnlessEnabled) {
  EXPECT_EQ(Before(NetworkRules(), "example.com").reason, Reason::kProxyDisabled);
  config::NetworkTable table = Table({{"*", true}});
  table.enabled = {false, {}};
  EXPECT_EQ(Before(Rules(table), "example.com").reason, Reason::kProxyDisabled);
}

TEST(NetworkTest, DecidesInOrder) {
  const NetworkRules rules =
      Rules(Table({{"api.example.com", true}, {"**.example.com", false}, {"example.org", true}}));
  const auto denied = Before(rules, "api.example.com");
  EXPECT_EQ(denied.reason, Reason::kDenied);
  EXPECT_EQ(denied.rule, "**.example.com");
  EXPECT_EQ(denied.from.line, 11U);
  EXPECT_EQ(Before(rules, "example.net").reason, Reason::kNotAllowed);
  EXPECT_EQ(Before(rules, "example.net").hint, "domains.\"example.net:443\" = \"allow\"");
  EXPECT_EQ(Before(rules, "localhost").reason, Reason::kNotAllowedLocal);
  EXPECT_EQ(Before(rules, "10.0.0.5").reason, Reason::kNotAllowedLocal);
  const auto allowed = Before(rules, "example.org");
  EXPECT_EQ(allowed.outcome, Outcome::kResolve);
  EXPECT_EQ(allowed.rule, "example.org");
}

TEST(NetworkTest, OnlyAllowedNamesAreEverLookedUp) {
  const NetworkRules rules = Rules(Table({{"*", true}, {"evil.test", false}}, true));
  EXPECT_EQ(Before(rules, "evil.test").outcome, Outcome::kDeny);
  for (const std::string_view host : {"localhost", "foo.localhost", "8.8.8.8", "[2606::1]"}) {
    EXPECT_EQ(Before(rules, host).outcome, Outcome::kDial) << host;
  }
}

TEST(NetworkTest, GuardsNamesByWhatTheyLeadTo) {
  const NetworkRules rules = Rules(Table({{"example.com", true}}));
  EXPECT_EQ(Decide(rules, "example.com", {"93.184.216.34", "2606::1"}),
            "allowed 93.184.216.34 2606::1");
  EXPECT_EQ(Decide(rules, "example.com", {"93.184.216.34", "10.0.0.5"}), "not_allowed_local");
  EXPECT_EQ(Decide(rules, "example.com", {"64:ff9b::7f00:1"}), "not_allowed_local");
  EXPECT_EQ(Decide(rules, "example.com", {}), "dns_failed");
  EXPECT_EQ(Decide(rules, "example.com", {"93.184.216.34"}, {"93.184.216.34"}),
            "not_allowed_local");
  EXPECT_EQ(Decide(rules, "example.com", {"93.184.216.34", "93.184.216.34"}),
            "allowed 93.184.216.34");
}

TEST(NetworkTest, WithoutTheGuardTheTablesStillDecide) {
  const NetworkRules rules =
      Rules(Table({{"internal.test", true}, {"10.0.0.6", false}, {"*.local.test", true}}, true));
  EXPECT_EQ(Decide(rules, "internal.test", {"10.0.0.5"}), "allowed 10.0.0.5");
  EXPECT_EQ(Decide(rules, "internal.test", {"10.0.0.6"}), "policy_denied");
  EXPECT_EQ(Decide(rules, "internal.test", {"10.0.0.6", "10.0.0.5"}), "allowed 10.0.0.5");
  EXPECT_EQ(Decide(rules, "10.0.0.5"), "not_allowed");
  std::vector<IpAddress> dial;
  const auto nowhere = rules.After(To("internal.test"), Protocol::kHttp, {}, {}, dial);
  EXPECT_EQ(nowhere.outcome, Outcome::kNoAddress);
  EXPECT_EQ(nowhere.reason, Reason::kDnsFailed);
}

TEST(NetworkTest, MetadataServicesNeedTheirLiteralEvenWithoutTheGuard) {
  const NetworkRules open = Rules(Table({{"*", true}}, true));
  EXPECT_EQ(Decide(open, "168.63.129.16"), "not_allowed_local");
  EXPECT_EQ(Decide(open, "[fd00:ec2::254]"), "not_allowed_local");
  EXPECT_EQ(Decide(open, "example.com", {"100.100.100.200"}), "not_allowed_local");
  EXPECT_EQ(Decide(open, "169.254.169.254"), "allowed 169.254.169.254");
  const NetworkRules literal = Rules(Table({{"168.63.129.16", true}}));
  EXPECT_EQ(Decide(literal, "168.63.129.16"), "allowed 168.63.129.16");
}

TEST(NetworkTest, LocalLiteralsAreExact) {
  const NetworkRules rules = Rules(Table({{"localhost", true}, {"*", true}}));
  EXPECT_EQ(Decide(rules, "localhost"), "allowed 127.0.0.1 ::1");
  EXPECT_EQ(Decide(rules, "127.0.0.1"), "not_allowed_local");
  EXPECT_EQ(Decide(rules, "foo.localhost"), "not_allowed_local");
  const auto other = Before(rules, "127.0.0.1", 5432);
  EXPECT_THAT(other.detail, HasSubstr("'localhost' = \"allow\" opens only that spelling"));
  EXPECT_EQ(other.hint, "domains.\"127.0.0.1:5432\" = \"allow\"");
  const NetworkRules wild = Rules(Table({{"127.*", true}, {"**.localhost", true}}));
  EXPECT_EQ(Decide(wild, "127.0.0.1"), "not_allowed_local");
  EXPECT_EQ(Decide(wild, "localhost"), "not_allowed_local");
}

TEST(NetworkTest, LocalGrantsCanNameTheirPort) {
  const NetworkRules rules = Rules(Table({{"localhost:5432", true}, {"[::1]:80", true}}));
  EXPECT_EQ(Decide(rules, "localhost", {}, {}, 5432), "allowed 127.0.0.1 ::1");
  EXPECT_EQ(Decide(rules, "localhost", {}, {}, 5433), "not_allowed_local");
  EXPECT_EQ(Decide(rules, "[::1]", {}, {}, 80), "allowed ::1");
  EXPECT_THAT(Before(rules, "localhost", 5433).detail, HasSubstr("only that spelling and port"));
}

TEST(NetworkTest, DefaultPortsAreForPatternsThatNameNone) {
  config::NetworkTable table = Table({{"example.com", true}, {"other.com:22", true}});
  table.default_ports = {{{80, 80}, {}}, {{440, 443}, {}}};
  const NetworkRules rules = Rules(table);
  EXPECT_TRUE(Before(rules, "example.com", 443).allowed());
  EXPECT_FALSE(Before(rules, "example.com", 22).allowed());
  EXPECT_TRUE(Before(rules, "other.com", 22).allowed());
  EXPECT_THAT(Before(rules, "other.com", 443).detail, HasSubstr("allows other ports than 443"));
}

TEST(NetworkTest, LimitedModeNeedsWhatCanBeLookedInto) {
  config::NetworkTable table = Table({{"example.com", true}});
  table.mode = {"limited", {}};
  const NetworkRules rules = Rules(table);
  EXPECT_EQ(rules.Before(To("example.com", 22), Protocol::kSocks5).reason, Reason::kMitmRequired);
  EXPECT_TRUE(rules.Before(To("example.com", 443), Protocol::kTcp).allowed());
  EXPECT_TRUE(rules.Before(To("example.com", 22), Protocol::kConnect).allowed());
}

config::ManagedNetwork Managed(Entries entries) {
  config::ManagedNetwork managed;
  for (const auto& [pattern, allow] : entries) {
    managed.domains[std::string(pattern)] = {allow, {"requirements.toml", 3, 1}};
  }
  return managed;
}

TEST(NetworkTest, RequirementsNarrow) {
  auto managed = Managed({{"corp.test", true}, {"evil.test", false}});
  const auto table = Table({{"example.com", true}, {"evil.test", true}}, true);
  const NetworkRules open = Rules(table, managed);
  EXPECT_TRUE(Before(open, "example.com").allowed());
  EXPECT_TRUE(Before(open, "corp.test").allowed());
  EXPECT_TRUE(Before(open, "evil.test").managed);
  EXPECT_EQ(Before(open, "evil.test").reason, Reason::kDenied);

  managed.managed_allowed_domains_only = {true, {"requirements.toml", 4, 1}};
  managed.allow_local_binding = {false, {"requirements.toml", 5, 1}};
  const NetworkRules closed = Rules(table, managed);
  EXPECT_TRUE(Before(closed, "corp.test").allowed());
  const auto refused = Before(closed, "example.com");
  EXPECT_EQ(refused.reason, Reason::kNotAllowed);
  EXPECT_TRUE(refused.managed);
  EXPECT_EQ(refused.hint, "");
  EXPECT_EQ(Decide(closed, "corp.test", {"10.0.0.5"}), "not_allowed_local");

  managed.enabled = {false, {"requirements.toml", 6, 1}};
  EXPECT_EQ(Before(Rules(table, managed), "corp.test").reason, Reason::kProxyDisabled);
}

TEST(NetworkTest, ASwitchOfTheRequirementsGivesNothing) {
  auto managed = Managed({{"corp.test", true}});
  managed.enabled = {true, {}};
  managed.allow_local_binding = {true, {}};
  config::NetworkTable table;
  EXPECT_EQ(Before(Rules(table, managed), "corp.test").reason, Reason::kProxyDisabled);
  table.enabled = {true, {}};
  EXPECT_EQ(Decide(Rules(table, managed), "corp.test", {"10.0.0.5"}), "not_allowed_local");
}

TEST(NetworkTest, WarnsAboutTwoSpellingsAndDenyWins) {
  std::vector<config::Notice> notices;
  const auto rules = NetworkRules::Make(Table({{"b\xc3\xbc"
                                                "cher.example",
                                                true},
                                               {"xn--bcher-kva.example", false}}),
                                        std::nullopt, notices);
  ASSERT_TRUE(rules);
  EXPECT_EQ(Before(*rules, "xn--bcher-kva.example").reason, Reason::kDenied);
  ASSERT_EQ(notices.size(), 1U);
  EXPECT_THAT(notices[0].message, HasSubstr("c.toml:10:1"));
  EXPECT_THAT(notices[0].message, HasSubstr("the deny wins"));
  EXPECT_EQ(notices[0].where.line, 11U);
}

TEST(NetworkTest, BroadWildcardsAreWarnedOfOrRefused) {
  std::vector<config::Notice> notices;
  auto table = Table({{"*.com", true}});
  ASSERT_TRUE(NetworkRules::Make(table, std::nullopt, notices));
  ASSERT_EQ(notices.size(), 1U);
  EXPECT_THAT(notices[0].message, HasSubstr("below 'com'"));
  table.allow_broad_wildcards = {true, {}};
  notices.clear();
  ASSERT_TRUE(NetworkRules::Make(table, std::nullopt, notices));
  EXPECT_THAT(notices, IsEmpty());
  table.allow_broad_wildcards = {false, {}};
  const auto refused = NetworkRules::Make(table, std::nullopt, notices);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().where.line, 10U);
}

TEST(NetworkTest, RefusesARangeThatTheGuardCloses) {
  std::vector<config::Notice> notices;
  EXPECT_FALSE(NetworkRules::Make(Table({{"127.0.0.0/8", true}}), std::nullopt, notices));
  EXPECT_TRUE(NetworkRules::Make(Table({{"127.0.0.0/8", true}}, true), std::nullopt, notices));
  EXPECT_TRUE(NetworkRules::Make(Table({{"127.0.0.0/8", false}}), std::nullopt, notices));
}

TEST(NetworkTest, TellsWhatCoversAHost) {
  const NetworkRules rules =
      Rules(Table({{"*.example.com", true}, {"**.example.com", true}, {"a.example.com", false}}));
  std::vector<std::string> given;
  for (const HostRule* rule : rules.Covering(To("a.example.com"))) given.push_back(rule->given);
  EXPECT_THAT(given, ElementsAre("a.example.com", "**.example.com", "*.example.com"));
}

/// Random tables over a small alphabet of patterns, hosts and answers.
class NetworkPropertyTest : public ::testing::Test {
 protected:
  static constexpr std::string_view kPatterns[] = {"example.com",
                                                   "*.example.com",
                                                   "**.example.com",
                                                   "api-*.example.com",
                                                   "localhost",
                                                   "127.0.0.1",
                                                   "::1",
                                                   "10.0.0.0/8",
                                                   "93.184.216.34",
                                                   "*.test",
                                                   "evil.test",
                                                   "93.184.*",
                                                   "*.*",
                                                   "**.localhost",
                                                   "10.0.0.5",
                                                   "example.*",
                                                   "8.8.8.8",
                                                   "64:ff9b::/96"};
  static constexpr std::string_view kHosts[] = {
      "example.com", "a.example.com", "api-1.example.com", "api-1.b.example.com",
      "localhost",   "foo.localhost", "127.0.0.1",         "127.1",
      "[::1]",       "10.0.0.5",      "93.184.216.34",     "0x5db8d822",
      "evil.test",   "8.8.8.8",       "[64:ff9b::7f00:1]"};

  config::NetworkTable RandomTable() {
    config::NetworkTable table = Table({{"*", true}}, random_() % 2 == 0);
    if (random_() % 2 == 0) table.domains.clear();
    for (int i = 0; i < 4; ++i) {
      const auto pattern = std::string(kPatterns[random_() % std::size(kPatterns)]);
      const bool local_range = pattern == "10.0.0.0/8" || pattern == "64:ff9b::/96";
      table.domains[pattern] = {!local_range && random_() % 2 == 0, {"c.toml", 1, 1}};
    }
    return table;
  }

  static std::vector<std::vector<IpAddress>> Answers() {
    return {Ips({}), Ips({"93.184.216.34"}), Ips({"10.0.0.5"}), Ips({"93.184.216.34", "127.0.0.1"}),
            Ips({"8.8.8.8", "2606::1"})};
  }

  std::mt19937 random_{7};
};

TEST_F(NetworkPropertyTest, AddingADenyNeverAddsAccess) {
  for (int round = 0; round < 300; ++round) {
    config::NetworkTable table = RandomTable();
    const NetworkRules before = Rules(table);
    const std::string pattern(kPatterns[random_() % std::size(kPatterns)]);
    table.domains[pattern] = {false, {"c.toml", 99, 1}};
    const NetworkRules after = Rules(table);
    for (const std::string_view host : kHosts) {
      for (const auto& answer : Answers()) {
        std::vector<IpAddress> wide, narrow;
        const auto was = before.After(To(host), Protocol::kHttp, answer, {}, wide);
        const auto is = after.After(To(host), Protocol::kHttp, answer, {}, narrow);
        EXPECT_TRUE(was.allowed() || !is.allowed()) << host << " with deny " << pattern;
        for (const IpAddress& address : narrow) {
          EXPECT_NE(std::ranges::find(wide, address), wide.end()) << host;
        }
      }
    }
  }
}

TEST_F(NetworkPropertyTest, AfterNeverWidensBefore) {
  for (int round = 0; round < 300; ++round) {
    const NetworkRules rules = Rules(RandomTable());
    for (const std::string_view host : kHosts) {
      const bool looked = Before(rules, host).allowed();
      for (const auto& answer : Answers()) {
        std::vector<IpAddress> dial;
        const auto verdict = rules.After(To(host), Protocol::kConnect, answer, {}, dial);
        EXPECT_TRUE(looked || !verdict.allowed()) << host;
      }
    }
  }
}

TEST_F(NetworkPropertyTest, PlacesDoNotMatter) {
  for (int round = 0; round < 200; ++round) {
    config::NetworkTable table = RandomTable();
    const NetworkRules one = Rules(table);
    std::vector<std::uint32_t> lines(table.domains.size());
    for (std::size_t i = 0; i < lines.size(); ++i) lines[i] = static_cast<std::uint32_t>(i + 1);
    std::shuffle(lines.begin(), lines.end(), random_);
    std::size_t next = 0;
    for (auto& [pattern, allow] : table.domains) allow.from = {"c.toml", lines[next++], 1};
    const NetworkRules other = Rules(table);
    for (const std::string_view host : kHosts) {
      EXPECT_EQ(Before(one, host).reason, Before(other, host).reason) << host;
      EXPECT_EQ(Before(one, host).rule, Before(other, host).rule) << host;
    }
  }
}

}  // namespace
}  // namespace ambit::policy
