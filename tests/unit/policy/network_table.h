#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "config/network_reader.h"
#include "config/toml_reader.h"
#include "policy/network.h"

namespace ambit::policy {

/// The rules that the text of a network table makes, or why it makes none.
inline Result<NetworkRules> TryRulesOf(std::string_view toml,
                                       std::vector<config::Notice>& notices) {
  AMBIT_TRY(const config::Node node, config::ReadToml(toml, "c.toml"));
  AMBIT_TRY(const config::NetworkTable table,
            config::ReadNetwork(config::TableReader(node, "permissions.p.network")));
  return NetworkRules::Make(table, std::nullopt, notices);
}

/// The same, where it does.
inline NetworkRules RulesOf(std::string_view toml) {
  std::vector<config::Notice> notices;
  auto rules = TryRulesOf(toml, notices);
  EXPECT_TRUE(rules) << (rules ? "" : ToString(rules.error()));
  return rules ? *std::move(rules) : NetworkRules();
}

}  // namespace ambit::policy
