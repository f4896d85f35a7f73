#include "config/network_reader.h"

#include <charconv>
#include <optional>
#include <utility>

#include "base/ascii.h"
#include "base/path_text.h"
#include "config/mitm_reader.h"

namespace ambit::config {
namespace {

constexpr std::string_view kAllowOrDeny[] = {"allow", "deny"};

constexpr std::string_view kNetworkKeys[] = {
    "enabled",
    "domains",
    "unix_sockets",
    "mode",
    "proxy_url",
    "enable_socks5",
    "socks_url",
    "enable_socks5_udp",
    "allow_upstream_proxy",
    "allow_local_binding",
    "dangerously_allow_non_loopback_proxy",
    "dangerously_allow_all_unix_sockets",
    "mitm",
    "default_ports",
    "allow_broad_wildcards",
    "require_sni_match",
    "limited",
    "strict_hooks",
    "upstream",
    "capture",
    "publish",
    "credentials",
};

std::optional<std::uint16_t> ParsePort(std::string_view text) {
  std::uint16_t port = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, port);
  if (error != std::errc() || stop != end || port == 0) return std::nullopt;
  return port;
}

std::optional<PortRange> ParsePorts(const Node& node) {
  if (node.Is(NodeKind::kInteger)) {
    if (node.integer < 1 || node.integer > 65535) return std::nullopt;
    const auto port = static_cast<std::uint16_t>(node.integer);
    return PortRange{port, port};
  }
  if (!node.Is(NodeKind::kString)) return std::nullopt;
  const std::string_view text = node.text;
  const std::size_t dash = text.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  const auto low = ParsePort(text.substr(0, dash));
  const auto high = ParsePort(text.substr(dash + 1));
  if (!low || !high || *low > *high) return std::nullopt;
  return PortRange{*low, *high};
}

Result<std::vector<Placed<PortRange>>> ReadDefaultPorts(const TableReader& table) {
  std::vector<Placed<PortRange>> ports;
  AMBIT_TRY(const auto items, table.List("default_ports"));
  for (const Node& item : items) {
    const auto range = ParsePorts(item);
    if (!range) {
      return Fail(ErrorCode::kInvalidConfig,
                  table.Name("default_ports") +
                      " takes ports from 1 to 65535 and ranges such as \"8000-8099\"",
                  item.where.Ref());
    }
    ports.push_back({*range, item.where.Ref()});
  }
  return ports;
}

/// "ADDR:PORT" or "ADDR:HOSTPORT:PORT"; an IPv6 address stands in brackets.
bool IsPublishForm(std::string_view text) {
  std::size_t address_end = text.find(':');
  if (text.starts_with('[')) {
    const std::size_t bracket = text.find("]:");
    if (bracket == std::string_view::npos) return false;
    address_end = bracket + 1;
  }
  if (address_end == std::string_view::npos || address_end == 0) return false;
  const std::string_view ports = text.substr(address_end + 1);
  const std::size_t colon = ports.find(':');
  if (colon == std::string_view::npos) return ParsePort(ports).has_value();
  return ParsePort(ports.substr(0, colon)) && ParsePort(ports.substr(colon + 1));
}

Result<std::vector<Placed<std::string>>> ReadPublish(const TableReader& table) {
  AMBIT_TRY(auto listeners, table.Strings("publish"));
  for (const auto& listener : listeners) {
    if (IsPublishForm(listener.value)) continue;
    return Fail(ErrorCode::kInvalidConfig,
                "'" + Printable(listener.value) + "' in " + table.Name("publish") +
                    " must be \"ADDRESS:PORT\" or \"ADDRESS:HOSTPORT:PORT\"",
                listener.from);
  }
  return listeners;
}

Result<> ReadSockets(const TableReader& table, NetworkTable& network) {
  static constexpr std::string_view kRuleKeys[] = {"access", "acknowledge_risk"};
  for (const Member& member : table.node().members) {
    const SourceRef from = member.value.where.Ref();
    AMBIT_CHECK(CheckSocketPath(member.key, table.Name(member.key), member.key_place.Ref()));
    if (!member.value.Is(NodeKind::kTable)) {
      AMBIT_TRY(const std::string word,
                ReadWord(member.value, table.Name(member.key), kAllowOrDeny));
      network.unix_sockets[member.key] = {word == "allow", from};
      continue;
    }
    const TableReader rule(member.value, ChildPath(table.path(), member.key));
    AMBIT_CHECK(rule.RefuseUnknown(kRuleKeys));
    AMBIT_TRY(const auto access, rule.Word("access", kAllowOrDeny));
    if (!access) {
      return Fail(ErrorCode::kInvalidConfig,
                  rule.Name("access") + " is missing; write " + ListWords(kAllowOrDeny), from);
    }
    AMBIT_TRY(const auto acknowledged, rule.Boolean("acknowledge_risk"));
    network.unix_sockets[member.key] = {access->value == "allow", from};
    if (acknowledged && acknowledged->value) {
      network.acknowledged_sockets[member.key] = *acknowledged;
    }
  }
  return {};
}

Result<> ReadLimited(const TableReader& table, NetworkTable& network) {
  static constexpr std::string_view kKeys[] = {"allow_bodies", "max_target_bytes"};
  AMBIT_CHECK(table.RefuseUnknown(kKeys));
  AMBIT_TRY(network.limited_allow_bodies, table.Boolean("allow_bodies"));
  AMBIT_TRY(network.limited_max_target_bytes, table.Integer("max_target_bytes", 1));
  return {};
}

Result<> ReadUpstream(const TableReader& table, UpstreamTable& upstream) {
  static constexpr std::string_view kKeys[] = {"http", "https", "no_proxy", "resolve"};
  static constexpr std::string_view kResolve[] = {"local", "remote"};
  AMBIT_CHECK(table.RefuseUnknown(kKeys));
  AMBIT_TRY(upstream.http, table.String("http"));
  AMBIT_TRY(upstream.https, table.String("https"));
  AMBIT_TRY(upstream.no_proxy, table.Strings("no_proxy"));
  AMBIT_TRY(upstream.resolve, table.Word("resolve", kResolve));
  return {};
}

Result<CredentialTable> ReadCredential(const TableReader& table) {
  static constexpr std::string_view kKeys[] = {"env", "file", "hosts", "header", "scheme"};
  static constexpr std::string_view kHeaders[] = {"authorization"};
  static constexpr std::string_view kSchemes[] = {"bearer", "basic", "raw"};
  AMBIT_CHECK(table.RefuseUnknown(kKeys));
  CredentialTable credential;
  credential.from = table.node().where.Ref();
  AMBIT_TRY(credential.env, table.String("env"));
  AMBIT_TRY(credential.file, table.String("file"));
  if (credential.env.has_value() == credential.file.has_value()) {
    return Fail(ErrorCode::kInvalidConfig,
                "[" + table.path() + "] must say where the secret is: either 'env' or 'file'",
                credential.from);
  }
  AMBIT_TRY(credential.hosts, table.Strings("hosts"));
  AMBIT_TRY(credential.header, table.Word("header", kHeaders));
  AMBIT_TRY(credential.scheme, table.Word("scheme", kSchemes));
  return credential;
}

Result<> ReadCredentials(const TableReader& table, NetworkTable& network) {
  for (const Member& member : table.node().members) {
    AMBIT_TRY(const auto entry, table.Table(member.key));
    AMBIT_TRY(network.credentials[member.key], ReadCredential(*entry));
  }
  return {};
}

Result<> ReadTables(const TableReader& table, NetworkTable& network) {
  AMBIT_TRY(const auto domains, table.Table("domains"));
  if (domains) {
    AMBIT_TRY(network.domains, ReadDomains(*domains));
  }
  AMBIT_TRY(const auto sockets, table.Table("unix_sockets"));
  if (sockets) AMBIT_CHECK(ReadSockets(*sockets, network));
  AMBIT_TRY(const auto limited, table.Table("limited"));
  if (limited) AMBIT_CHECK(ReadLimited(*limited, network));
  AMBIT_TRY(const auto upstream, table.Table("upstream"));
  if (upstream) AMBIT_CHECK(ReadUpstream(*upstream, network.upstream));
  AMBIT_TRY(const auto credentials, table.Table("credentials"));
  if (credentials) AMBIT_CHECK(ReadCredentials(*credentials, network));
  AMBIT_TRY(const auto mitm, table.Table("mitm"));
  if (mitm) {
    AMBIT_TRY(network.mitm, ReadMitm(*mitm));
  }
  return {};
}

}  // namespace

std::string NormaliseDomain(std::string_view pattern) {
  pattern = Trim(pattern);
  // The dot of a prefix without a name stays: that is a mistake, and no "*".
  while (pattern.ends_with('.') && pattern != "*." && pattern != "**.") pattern.remove_suffix(1);
  return Lowered(pattern);
}

namespace {

/// `kept` stays, `dropped` goes: they name the same host.
Notice TwoSpellings(const Member& kept, const Member& dropped) {
  const bool same = kept.value.text == dropped.value.text;
  return {"'" + Printable(dropped.key) + "' names the same host as '" + Printable(kept.key) +
              "' at " + ToString(kept.value.where.Ref()) +
              (same ? "; remove one of the two" : "; the deny wins, remove the other line"),
          dropped.value.where.Ref()};
}

}  // namespace

void NormaliseDomains(Node& domains, std::vector<Notice>& notices) {
  bool changed = false;
  for (const Member& member : domains.members) {
    changed = changed || NormaliseDomain(member.key) != member.key;
  }
  if (!changed) return;
  std::map<std::string, Member> normal;
  for (Member& member : domains.members) {
    const auto [at, is_new] = normal.try_emplace(NormaliseDomain(member.key), member);
    if (is_new) continue;
    const bool denies = member.value.text == "deny" && at->second.value.text != "deny";
    notices.push_back(denies ? TwoSpellings(member, at->second) : TwoSpellings(at->second, member));
    if (denies) at->second = member;
  }
  domains.members.clear();
  for (auto& [key, member] : normal) {
    member.key = key;
    domains.members.push_back(std::move(member));
  }
}

Result<std::map<std::string, Placed<bool>>> ReadDomains(const TableReader& table) {
  std::map<std::string, Placed<bool>> domains;
  for (const Member& member : table.node().members) {
    AMBIT_TRY(const std::string word, ReadWord(member.value, table.Name(member.key), kAllowOrDeny));
    const SourceRef from = member.value.where.Ref();
    std::string pattern = NormaliseDomain(member.key);
    if (pattern == "*" && word == "deny") {
      return Fail(
          ErrorCode::kInvalidConfig,
          table.Name(member.key) + " can only be \"allow\"; what no rule allows is denied already",
          from);
    }
    const auto [at, is_new] = domains.try_emplace(std::move(pattern), word == "allow", from);
    if (!is_new && word == "deny") at->second = {false, from};
  }
  return domains;
}

Result<> CheckSocketPath(std::string_view path, const std::string& name, const SourceRef& from) {
  const bool absolute = path.starts_with('/') || path.starts_with("~/");
  if (absolute && path.find('\0') == std::string_view::npos) return {};
  return Fail(ErrorCode::kInvalidConfig,
              name + " must be an absolute path, such as \"/run/x.sock\"", from);
}

Result<NetworkTable> ReadNetwork(const TableReader& table) {
  static constexpr std::string_view kModes[] = {"limited", "full"};
  NetworkTable network;
  AMBIT_CHECK(table.RefuseUnknown(kNetworkKeys));
  AMBIT_TRY(network.enabled, table.Boolean("enabled"));
  AMBIT_TRY(network.mode, table.Word("mode", kModes));
  AMBIT_TRY(network.proxy_url, table.String("proxy_url"));
  AMBIT_TRY(network.socks_url, table.String("socks_url"));
  AMBIT_TRY(network.enable_socks5, table.Boolean("enable_socks5"));
  AMBIT_TRY(network.enable_socks5_udp, table.Boolean("enable_socks5_udp"));
  AMBIT_TRY(network.allow_upstream_proxy, table.Boolean("allow_upstream_proxy"));
  AMBIT_TRY(network.allow_local_binding, table.Boolean("allow_local_binding"));
  AMBIT_TRY(network.dangerously_allow_non_loopback_proxy,
            table.Boolean("dangerously_allow_non_loopback_proxy"));
  AMBIT_TRY(network.dangerously_allow_all_unix_sockets,
            table.Boolean("dangerously_allow_all_unix_sockets"));
  AMBIT_TRY(network.allow_broad_wildcards, table.Boolean("allow_broad_wildcards"));
  AMBIT_TRY(network.require_sni_match, table.Boolean("require_sni_match"));
  AMBIT_TRY(network.strict_hooks, table.Boolean("strict_hooks"));
  AMBIT_TRY(network.capture, table.Boolean("capture"));
  AMBIT_TRY(network.default_ports, ReadDefaultPorts(table));
  AMBIT_TRY(network.publish, ReadPublish(table));
  AMBIT_CHECK(ReadTables(table, network));
  return network;
}

}  // namespace ambit::config
