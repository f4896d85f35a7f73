#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "config/network_reader.h"
#include "config/toml_reader.h"
#include "policy/network.h"

namespace ambit::policy {

/// What the text of a network table says, or why it says nothing.
inline Result<config::NetworkTable> TryTableOf(std::string_view toml) {
  AMBIT_TRY(const config::Node node, config::ReadToml(toml, "c.toml"));
  return config::ReadNetwork(config::TableReader(node, "permissions.p.network"));
}

/// The same, where it does.
inline config::NetworkTable TableOf(std::string_view toml) {
  auto table = TryTableOf(toml);
  EXPECT_TRUE(table) << (table ? "" : ToString(table.error()));
  return table ? *std::move(table) : config::NetworkTable();
}

/// The rules that the text of a network table makes, or why it makes none.
inline Result<NetworkRules> TryRulesOf(std::string_view toml,
                                       std::vector<config::Notice>& notices) {
  AMBIT_TRY(const config::NetworkTable table, TryTableOf(toml));
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
