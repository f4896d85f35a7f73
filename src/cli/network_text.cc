#include "cli/network_text.h"

#include <fmt/format.h>

#include <cstdint>
#include <map>
#include <string_view>
#include <utility>
#include <vector>

#include "base/path_text.h"

/// Each table is taken apart by a structured binding, so that a new key does not compile before it
/// is written down here.
namespace ambit::cli {
namespace {

using config::Placed;

std::string Value(bool value) { return value ? "true" : "false"; }
std::string Value(std::int64_t value) { return std::to_string(value); }
std::string Value(std::uint16_t value) { return std::to_string(value); }
/// Quoted, with every byte told apart.
std::string Value(const std::string& text) { return "'" + Printable(text) + "'"; }
std::string Value(const config::PortRange& range) {
  return fmt::format("{}-{}", range.low, range.high);
}
std::string Value(const std::vector<std::string>& texts) {
  std::string out = "[";
  for (const std::string& text : texts) out += (out.size() > 1 ? ", " : "") + Value(text);
  return out + "]";
}

/// The lines of one table, below its name.
class TableText {
 public:
  TableText(std::string name, std::string& out) : name_(std::move(name)), out_(out) {}

  template <class T>
  void Add(std::string_view key, const std::optional<Placed<T>>& value) {
    if (value) Line(key, Value(value->value));
  }
  template <class T>
  void Add(std::string_view key, const std::vector<Placed<T>>& values) {
    for (const Placed<T>& value : values) Line(key, Value(value.value));
  }
  template <class T>
  void Add(std::string_view key, const std::map<std::string, Placed<T>>& values) {
    for (const auto& [name, value] : values) {
      Line(fmt::format("{}.{}", key, Value(name)), Value(value.value));
    }
  }
  void AddFlag(std::string_view key, bool value) {
    if (value) Line(key, "true");
  }
  [[nodiscard]] TableText Below(std::string_view key) const {
    return {fmt::format("{}.{}", name_, key), out_};
  }
  [[nodiscard]] TableText Named(std::string_view key, const std::string& name) const {
    return Below(fmt::format("{}.{}", key, Value(name)));
  }

 private:
  void Line(std::string_view key, std::string_view value) {
    out_ += fmt::format("{}.{} {}\n", name_, key, value);
  }

  std::string name_;
  std::string& out_;
};

void Add(const config::UpstreamTable& table, TableText text) {
  const auto& [http, https, no_proxy, resolve] = table;
  text.Add("http", http);
  text.Add("https", https);
  text.Add("no_proxy", no_proxy);
  text.Add("resolve", resolve);
}

void Add(const config::CredentialTable& table, TableText text) {
  const auto& [env, file, hosts, header, scheme, from] = table;
  text.AddFlag("credential", true);
  text.Add("env", env);
  text.Add("file", file);
  text.Add("hosts", hosts);
  text.Add("header", header);
  text.Add("scheme", scheme);
}

void Add(const config::InjectedHeaderTable& table, TableText text) {
  const auto& [name, env, file, prefix, placeholder, from] = table;
  text.Add("name", std::optional(name));
  text.Add("secret_env_var", env);
  text.Add("secret_file", file);
  text.Add("prefix", prefix);
  text.Add("placeholder", placeholder);
}

void Add(const config::BodySubstitutionTable& table, TableText text) {
  const auto& [replacements, port, max_body_bytes, from] = table;
  for (std::size_t i = 0; i < replacements.size(); ++i) {
    const auto& [placeholder, env, file] = replacements[i];
    TableText below = text.Below(fmt::format("replacements.{}", i));
    below.Add("placeholder", std::optional(placeholder));
    below.Add("secret.env_var", env);
    below.Add("secret.file", file);
  }
  text.Add("port", port);
  text.Add("max_body_bytes", max_body_bytes);
}

void Add(const std::optional<config::SecretTable>& table, TableText text) {
  if (!table) return;
  const auto& [env, file, from] = *table;
  text.Add("env_var", env);
  text.Add("file", file);
}

void Add(const config::SigningTable& table, TableText text) {
  const auto& [placeholder, region, service, access_key_id, secret_access_key, session_token, port,
               max_body_bytes, from] = table;
  text.AddFlag("signs", true);
  text.Add("placeholder_access_key_id", placeholder);
  text.Add("region", region);
  text.Add("service", service);
  Add(access_key_id, text.Below("access_key_id"));
  Add(secret_access_key, text.Below("secret_access_key"));
  Add(session_token, text.Below("session_token"));
  text.Add("port", port);
  text.Add("max_body_bytes", max_body_bytes);
}

void Add(const config::MitmActionTable& table, TableText text) {
  const auto& [strip, inject, body, aws_sigv4, from] = table;
  text.Add("strip_request_headers", strip);
  for (std::size_t i = 0; i < inject.size(); ++i) {
    Add(inject[i], text.Below(fmt::format("inject_request_headers.{}", i)));
  }
  if (body) Add(*body, text.Below("body_secret_substitution"));
  if (aws_sigv4) Add(*aws_sigv4, text.Below("aws_sigv4"));
}

void Add(const config::MitmHookTable& table, TableText text) {
  const auto& [name, host, methods, paths, schemes, actions, query, headers, ports, body, from] =
      table;
  text.Add("host", host);
  text.Add("methods", methods);
  text.Add("path_prefixes", paths);
  text.Add("schemes", schemes);
  text.Add("action", actions);
  text.Add("query", query);
  text.Add("headers", headers);
  text.Add("ports", ports);
  text.AddFlag("body", body.has_value());
}

void Add(const config::MitmTable& table, TableText text) {
  const auto& [version, hooks, actions, exclude] = table;
  text.Add("version", version);
  for (const config::MitmHookTable& hook : hooks) Add(hook, text.Named("hooks", hook.name));
  for (const auto& [name, action] : actions) Add(action, text.Named("actions", name));
  text.Add("exclude", exclude);
}

void Add(const config::ManagedNetwork& table, TableText text) {
  const auto& [from, enabled, domains, unix_sockets, http_port, socks_port, allow_upstream_proxy,
               allow_local_binding, allow_non_loopback, allow_all_unix_sockets, allowed_only,
               has_header_injections] = table;
  text.Add("enabled", enabled);
  text.Add("domains", domains);
  text.Add("unix_sockets", unix_sockets);
  text.Add("http_port", http_port);
  text.Add("socks_port", socks_port);
  text.Add("allow_upstream_proxy", allow_upstream_proxy);
  text.Add("allow_local_binding", allow_local_binding);
  text.Add("dangerously_allow_non_loopback_proxy", allow_non_loopback);
  text.Add("dangerously_allow_all_unix_sockets", allow_all_unix_sockets);
  text.Add("managed_allowed_domains_only", allowed_only);
  text.AddFlag("header_injections", has_header_injections);
}

void Add(const config::NetworkTable& table, TableText text) {
  const auto& [enabled, domains, unix_sockets, acknowledged_sockets, mode, proxy_url, socks_url,
               enable_socks5, enable_socks5_udp, allow_upstream_proxy, allow_local_binding,
               allow_non_loopback, allow_all_unix_sockets, default_ports, allow_broad_wildcards,
               require_sni_match, strict_hooks, capture, limited_allow_bodies,
               limited_max_target_bytes, upstream, publish, credentials, mitm] = table;
  text.Add("enabled", enabled);
  text.Add("domains", domains);
  text.Add("unix_sockets", unix_sockets);
  text.Add("acknowledge_risk", acknowledged_sockets);
  text.Add("mode", mode);
  text.Add("proxy_url", proxy_url);
  text.Add("socks_url", socks_url);
  text.Add("enable_socks5", enable_socks5);
  text.Add("enable_socks5_udp", enable_socks5_udp);
  text.Add("allow_upstream_proxy", allow_upstream_proxy);
  text.Add("allow_local_binding", allow_local_binding);
  text.Add("dangerously_allow_non_loopback_proxy", allow_non_loopback);
  text.Add("dangerously_allow_all_unix_sockets", allow_all_unix_sockets);
  text.Add("default_ports", default_ports);
  text.Add("allow_broad_wildcards", allow_broad_wildcards);
  text.Add("require_sni_match", require_sni_match);
  text.Add("strict_hooks", strict_hooks);
  text.Add("capture", capture);
  text.Add("limited.allow_bodies", limited_allow_bodies);
  text.Add("limited.max_target_bytes", limited_max_target_bytes);
  Add(upstream, text.Below("upstream"));
  text.Add("publish", publish);
  for (const auto& [name, credential] : credentials) {
    Add(credential, text.Named("credentials", name));
  }
  Add(mitm, text.Below("mitm"));
}

}  // namespace

void AddNetworkText(const config::NetworkTable& table,
                    const std::optional<config::ManagedNetwork>& managed, std::string& out) {
  Add(table, TableText("network", out));
  if (managed) Add(*managed, TableText("managed network", out));
}

}  // namespace ambit::cli
