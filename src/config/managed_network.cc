#include "config/managed_network.h"

#include <utility>

#include "base/path_text.h"
#include "config/network_reader.h"

namespace ambit::config {
namespace {

constexpr std::string_view kKeys[] = {
    "enabled",
    "http_port",
    "socks_port",
    "allow_upstream_proxy",
    "allow_local_binding",
    "dangerously_allow_non_loopback_proxy",
    "dangerously_allow_all_unix_sockets",
    "managed_allowed_domains_only",
    "domains",
    "allowed_domains",
    "denied_domains",
    "unix_sockets",
    "allow_unix_sockets",
    "header_injections",
};

struct Switch {
  std::string_view key;
  std::optional<Placed<bool>> ManagedNetwork::*field;
  bool narrow;  ///< The value that permits less.
};

constexpr Switch kSwitches[] = {
    {"allow_upstream_proxy", &ManagedNetwork::allow_upstream_proxy, false},
    {"allow_local_binding", &ManagedNetwork::allow_local_binding, false},
    {"dangerously_allow_non_loopback_proxy", &ManagedNetwork::dangerously_allow_non_loopback_proxy,
     false},
    {"dangerously_allow_all_unix_sockets", &ManagedNetwork::dangerously_allow_all_unix_sockets,
     false},
    {"managed_allowed_domains_only", &ManagedNetwork::managed_allowed_domains_only, true},
};

/// `permissions.network` is this table and no profile of that name.
Result<> RefuseProfile(const TableReader& table) {
  for (const std::string_view key : {"description", "extends", "filesystem", "workspace_roots"}) {
    const Member* const member = table.node().FindMember(key);
    if (!member) continue;
    return Fail(ErrorCode::kInvalidConfig,
                table.Name(key) +
                    " is a key of profiles, but in requirements this table holds network rules; "
                    "give the managed profile another name",
                member->key_place.Ref());
  }
  return {};
}

/// The one table that is there, or nothing.
Result<std::optional<TableReader>> FindTable(const TableReader& requirements) {
  std::optional<TableReader> found;
  const auto take = [&found](std::optional<TableReader> table) -> Result<> {
    if (!table) return {};
    if (found) {
      return Fail(ErrorCode::kInvalidConfig,
                  "the network is configured twice in the requirements, as [" + found->path() +
                      "] and as [" + table->path() + "]; keep one of them",
                  table->node().where.Ref());
    }
    found = std::move(table);
    return {};
  };
  for (const std::string_view key : {"experimental_network", "network_proxy"}) {
    AMBIT_TRY(auto table, requirements.Table(key));
    AMBIT_CHECK(take(std::move(table)));
  }
  AMBIT_TRY(const auto permissions, requirements.Table("permissions"));
  if (permissions) {
    AMBIT_TRY(auto table, permissions->Table("network"));
    if (table) AMBIT_CHECK(RefuseProfile(*table));
    AMBIT_CHECK(take(std::move(table)));
  }
  return found;
}

Result<> RefuseBoth(const TableReader& table, std::string_view rules, std::string_view list) {
  const Node* const older = table.node().Find(list);
  if (!table.node().Find(rules) || !older || older->items.empty()) return {};
  return Fail(ErrorCode::kInvalidConfig,
              table.Name(rules) + " and '" + std::string(list) +
                  "' are two forms of one thing; keep the table",
              older->where.Ref());
}

Result<> ReadDomainLists(const TableReader& table, ManagedNetwork& network) {
  for (const bool allow : {true, false}) {
    const std::string_view key = allow ? "allowed_domains" : "denied_domains";
    AMBIT_TRY(const auto patterns, table.Strings(key));
    AMBIT_CHECK(RefuseBoth(table, "domains", key));
    for (const auto& pattern : patterns) {
      network.domains[NormaliseDomain(pattern.value)] = {allow, pattern.from};
    }
  }
  AMBIT_TRY(const auto rules, table.Table("domains"));
  if (rules) {
    AMBIT_TRY(const auto domains, ReadDomains(*rules));
    network.domains.insert(domains.begin(), domains.end());
  }
  const auto star = network.domains.find("*");
  if (star == network.domains.end()) return {};
  return Fail(ErrorCode::kInvalidConfig,
              "'*' cannot be a domain of [" + table.path() +
                  "]; name the domains, or leave the choice to the profiles",
              star->second.from);
}

Result<> ReadSocketLists(const TableReader& table, ManagedNetwork& network) {
  static constexpr std::string_view kAllowOrDeny[] = {"allow", "deny"};
  AMBIT_TRY(const auto paths, table.Strings("allow_unix_sockets"));
  AMBIT_CHECK(RefuseBoth(table, "unix_sockets", "allow_unix_sockets"));
  for (const auto& path : paths) {
    const std::string name =
        "'" + Printable(path.value) + "' in " + table.Name("allow_unix_sockets");
    AMBIT_CHECK(CheckSocketPath(path.value, name, path.from));
    network.unix_sockets[path.value] = {true, path.from};
  }
  AMBIT_TRY(const auto rules, table.Table("unix_sockets"));
  if (!rules) return {};
  for (const Member& member : rules->node().members) {
    AMBIT_CHECK(CheckSocketPath(member.key, rules->Name(member.key), member.key_place.Ref()));
    AMBIT_TRY(const std::string word,
              ReadWord(member.value, rules->Name(member.key), kAllowOrDeny));
    network.unix_sockets[member.key] = {word == "allow", member.value.where.Ref()};
  }
  return {};
}

using Rules = std::map<std::string, Placed<bool>>;

Result<> NarrowRules(Rules& base, const Rules& extra, bool may_add_allow) {
  for (const auto& [key, rule] : extra) {
    const auto at = base.find(key);
    if (!rule.value) {
      base.insert_or_assign(key, rule);
    } else if (at == base.end()) {
      if (!may_add_allow) {
        return Fail(
            ErrorCode::kDenied,
            "'" + Printable(key) +
                "' is not allowed by the administrator's requirements; remove it, a further "
                "requirements file can only narrow them",
            rule.from);
      }
      base.emplace(key, rule);
    }
  }
  return {};
}

}  // namespace

Result<std::optional<ManagedNetwork>> ReadManagedNetwork(const TableReader& requirements) {
  AMBIT_TRY(const auto table, FindTable(requirements));
  if (!table) return std::nullopt;
  AMBIT_CHECK(table->RefuseUnknown(kKeys));
  ManagedNetwork network;
  network.from = table->node().where.Ref();
  AMBIT_TRY(network.enabled, table->Boolean("enabled"));
  AMBIT_TRY(network.http_port, table->Integer("http_port", 0, 65535));
  AMBIT_TRY(network.socks_port, table->Integer("socks_port", 0, 65535));
  for (const Switch& one : kSwitches) {
    AMBIT_TRY(network.*one.field, table->Boolean(one.key));
  }
  AMBIT_CHECK(ReadDomainLists(*table, network));
  AMBIT_CHECK(ReadSocketLists(*table, network));
  AMBIT_TRY(const auto injections, table->List("header_injections"));
  for (const Node& item : injections) {
    if (!item.Is(NodeKind::kTable)) {
      return WrongType(table->Name("header_injections"), "a list of tables", item);
    }
  }
  network.has_header_injections = !injections.empty();
  return network;
}

ManagedNetwork MergeNetworks(ManagedNetwork lower, const ManagedNetwork& higher) {
  lower.from = higher.from;
  if (higher.enabled) lower.enabled = higher.enabled;
  if (higher.http_port) lower.http_port = higher.http_port;
  if (higher.socks_port) lower.socks_port = higher.socks_port;
  for (const Switch& one : kSwitches) {
    if (higher.*one.field) lower.*one.field = higher.*one.field;
  }
  for (const auto& [key, rule] : higher.domains) lower.domains.insert_or_assign(key, rule);
  for (const auto& [key, rule] : higher.unix_sockets) {
    lower.unix_sockets.insert_or_assign(key, rule);
  }
  lower.has_header_injections = lower.has_header_injections || higher.has_header_injections;
  return lower;
}

Result<ManagedNetwork> NarrowNetwork(ManagedNetwork base, const ManagedNetwork& extra) {
  const bool closed = base.managed_allowed_domains_only && base.managed_allowed_domains_only->value;
  if (extra.enabled && !base.enabled) base.enabled = extra.enabled;
  for (const Switch& one : kSwitches) {
    const auto& wanted = extra.*one.field;
    // A switch that only the extra file sets is taken when it narrows the built-in default.
    if (wanted && wanted->value == one.narrow) base.*one.field = wanted;
  }
  AMBIT_CHECK(NarrowRules(base.domains, extra.domains, !closed));
  AMBIT_CHECK(NarrowRules(base.unix_sockets, extra.unix_sockets, true));
  base.has_header_injections = base.has_header_injections || extra.has_header_injections;
  return base;
}

}  // namespace ambit::config
