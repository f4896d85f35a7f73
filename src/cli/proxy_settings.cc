#include "cli/proxy_settings.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "audit/flat_json.h"
#include "base/ip_address.h"
#include "base/path_text.h"
#include "cli/environment.h"
#include "os/disk_view.h"
#include "policy/destination.h"

namespace ambit::cli {
namespace {

constexpr std::uint16_t kDefaultPort = 80;
constexpr std::uint16_t kDefaultTlsPort = 443;

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// Percent-encoded octets (RFC 3986 §2.1).
std::string Decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool escape = text[i] == '%' && i + 2 < text.size();
    const int high = escape ? HexDigit(text[i + 1]) : -1;
    const int low = escape ? HexDigit(text[i + 2]) : -1;
    if (high < 0 || low < 0) {
      out += text[i];
      continue;
    }
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return out;
}

std::unexpected<Error> NoParent() {
  return Fail(
      ErrorCode::kInvalidConfig,
      "a parent proxy is \"http://HOST:PORT\" or \"https://HOST:PORT\", with USER:PASSWORD@ "
      "before the host if it wants that");
}

bool MayUseEnvironment(const Loaded& loaded) {
  const auto& own = loaded.selected.profile.network.allow_upstream_proxy;
  if (own && !own->value) return false;
  const auto& managed = loaded.selected.managed_network;
  return !managed || !managed->allow_upstream_proxy || managed->allow_upstream_proxy->value;
}

/// The parent that our own environment names for a scheme. What is no HTTP proxy is passed over.
proxy::ParentProxy FromEnvironment(const Surroundings& around,
                                   std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names) {
    const std::optional<std::string> url = Lookup(around.environment, name);
    if (!url || url->empty()) continue;
    if (Result<proxy::ParentProxy> parent = ParseParentProxy(*url)) return *std::move(parent);
  }
  return {};
}

std::vector<std::string> NoProxyOfEnvironment(const Surroundings& around) {
  std::vector<std::string> out;
  std::string list = Lookup(around.environment, "no_proxy").value_or("");
  if (list.empty()) list = Lookup(around.environment, "NO_PROXY").value_or("");
  std::string_view rest = list;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find(','), rest.size());
    std::string_view one = rest.substr(0, end);
    while (one.starts_with(' ')) one.remove_prefix(1);
    while (one.ends_with(' ')) one.remove_suffix(1);
    if (!one.empty()) out.emplace_back(one);
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return out;
}

Result<> AddParents(const Loaded& loaded, const Surroundings& around, proxy::Settings& out) {
  const config::UpstreamTable& table = loaded.selected.profile.network.upstream;
  const auto set = [](const auto& url, proxy::ParentProxy& parent) -> Result<> {
    if (!url) return {};
    Result<proxy::ParentProxy> parsed = ParseParentProxy(url->value);
    if (!parsed) {
      parsed.error().where = url->from;
      return std::unexpected(std::move(parsed.error()));
    }
    parent = *std::move(parsed);
    return {};
  };
  AMBIT_CHECK(set(table.http, out.http_parent));
  AMBIT_CHECK(set(table.https, out.https_parent));
  out.parent_resolves = table.resolve && table.resolve->value == "remote";
  for (const auto& one : table.no_proxy) out.no_proxy.push_back(one.value);
  if (table.http || table.https || !MayUseEnvironment(loaded)) return {};
  // HTTP_PROXY may come from a header of a CGI request; only ours, in the shell, is meant.
  out.http_parent = FromEnvironment(around, {"http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"});
  out.https_parent =
      FromEnvironment(around, {"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"});
  if (table.no_proxy.empty()) out.no_proxy = NoProxyOfEnvironment(around);
  return {};
}

std::uint16_t ToPort(std::string_view text) {
  std::uint16_t port = 0;
  std::from_chars(text.data(), text.data() + text.size(), port);
  return port;
}

/// An entry of network.publish, whose form the reader of the profile has checked. Nothing but this
/// host may come in: there is no key that would say otherwise.
Result<proxy::Published> ToPublished(const config::Placed<std::string>& entry) {
  const std::string_view text = entry.value;
  const bool bracketed = text.starts_with('[');
  const std::size_t colon = bracketed ? text.find("]:") + 1 : text.find(':');
  std::string_view host = bracketed ? text.substr(1, colon - 2) : text.substr(0, colon);
  if (host == "localhost") host = "127.0.0.1";
  const std::optional<IpAddress> address = ParseIp(host);
  const bool loopback =
      address && (address->is_v4() ? address->v4() >> 24U == 127 : address->Text() == "::1");
  if (!loopback) {
    return Fail(ErrorCode::kUnsupported,
                "cannot publish '" + Printable(text) +
                    "', which is not an address of the loopback; write \"127.0.0.1:PORT\"",
                entry.from);
  }
  const std::string_view ports = text.substr(colon + 1);
  const std::string_view outside = ports.substr(0, ports.find(':'));
  const std::string_view inside = ports.substr(ports.rfind(':') + 1);
  const auto bytes = address->bytes();
  proxy::Published out{.text = entry.value, .from = entry.from, .host = {}, .port = ToPort(inside)};
  out.host.size = static_cast<std::uint8_t>(bytes.size());
  out.host.port = ToPort(outside);
  std::ranges::copy(bytes, out.host.bytes.begin());
  return out;
}

}  // namespace

Result<proxy::ParentProxy> ParseParentProxy(std::string_view url) {
  constexpr std::string_view kPlain = "http://", kSecure = "https://";
  proxy::ParentProxy out;
  if (url.starts_with(kPlain)) {
    url.remove_prefix(kPlain.size());
  } else if (url.starts_with(kSecure)) {
    url.remove_prefix(kSecure.size());
    out.tls = true;
  } else if (url.find("://") != std::string_view::npos) {
    return NoParent();
  }
  url = url.substr(0, url.find('/'));
  if (const std::size_t at = url.rfind('@'); at != std::string_view::npos) {
    out.authorization = "Basic " + audit::ToBase64(Decoded(url.substr(0, at)));
    url.remove_prefix(at + 1);
  }
  std::string_view host = url;
  out.port = out.tls ? kDefaultTlsPort : kDefaultPort;
  const std::size_t colon = url.rfind(':');
  if (colon != std::string_view::npos && url.find(']', colon) == std::string_view::npos) {
    host = url.substr(0, colon);
    const std::string_view port = url.substr(colon + 1);
    const auto [end, problem] = std::from_chars(port.data(), port.data() + port.size(), out.port);
    if (problem != std::errc() || end != port.data() + port.size() || out.port == 0) {
      return NoParent();
    }
  }
  const Result<policy::Destination> to = policy::ParseDestination(host, out.port);
  if (!to) return NoParent();
  out.host = to->HostText();
  return out;
}

bool MayLookInside(const Loaded& loaded) {
  return loaded.policy.network.rules.http().MayIntercept();
}

TrustBundle UpstreamRoots(const Loaded& loaded, const proxy::Settings& settings,
                          const Surroundings& around) {
  TrustBundle out;
  if (!MayLookInside(loaded) && !settings.HasTlsParent()) return out;
  const os::DiskView disk;
  out.AddPlatform(disk);
  out.AddUsers(around.environment, disk, [](const std::string&) { return true; });
  return out;
}

Result<std::unique_ptr<proxy::Tls>> MakeParentTls(const proxy::Settings& settings,
                                                  const TrustBundle& roots) {
  if (!settings.HasTlsParent()) return std::unique_ptr<proxy::Tls>();
  return proxy::Tls::Make(roots.Text(), false);
}

Result<proxy::Settings> ProxySettings(const Loaded& loaded, const Surroundings& around) {
  const config::NetworkTable& table = loaded.selected.profile.network;
  proxy::Settings out;
  out.rules = &loaded.policy.network.rules;
  out.require_sni_match = table.require_sni_match && table.require_sni_match->value;
  for (const auto& entry : table.publish) {
    AMBIT_TRY(proxy::Published one, ToPublished(entry));
    out.published.push_back(std::move(one));
  }
  AMBIT_CHECK(AddParents(loaded, around, out));
  return out;
}

}  // namespace ambit::cli
