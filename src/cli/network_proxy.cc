#include "cli/network_proxy.h"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <memory>
#include <utility>

#include "audit/flat_json.h"
#include "base/path_text.h"
#include "cli/environment.h"
#include "cli/proxy_environment.h"
#include "cli/proxy_settings.h"
#include "os/disk_view.h"
#include "os/secret_memory.h"
#include "proxy/inspection.h"
#include "proxy/service.h"
#include "proxy/trust_store.h"

namespace ambit::cli {
namespace {

// What the broker writes is what the proxy reads.
static_assert(sizeof(run::CapturedMessage) == sizeof(proxy::Captured));
static_assert(offsetof(run::CapturedMessage, client_port) ==
              offsetof(proxy::Captured, client_port));
static_assert(offsetof(run::CapturedMessage, port) == offsetof(proxy::Captured, port));
static_assert(offsetof(run::CapturedMessage, address_size) ==
              offsetof(proxy::Captured, address_size));
static_assert(offsetof(run::CapturedMessage, address) == offsetof(proxy::Captured, address));
static_assert(offsetof(run::CapturedMessage, service) == offsetof(proxy::Captured, service));
static_assert(offsetof(run::CapturedMessage, process) == offsetof(proxy::Captured, process));
static_assert(offsetof(run::CapturedMessage, program) == offsetof(proxy::Captured, program));
static_assert(
    static_cast<int>(run::ProxyService::kCaptured) ==
        static_cast<int>(proxy::HandedService::kCaptured) &&
    static_cast<int>(run::ProxyService::kHttp) == static_cast<int>(proxy::HandedService::kHttp) &&
    static_cast<int>(run::ProxyService::kSocks) == static_cast<int>(proxy::HandedService::kSocks) &&
    static_cast<int>(run::ProxyService::kNames) == static_cast<int>(proxy::HandedService::kNames) &&
    static_cast<int>(run::ProxyService::kStreamClient) ==
        static_cast<int>(proxy::HandedService::kStreamClient) &&
    static_cast<int>(run::ProxyService::kDatagramClient) ==
        static_cast<int>(proxy::HandedService::kDatagramClient));

/// The protocols that a record may name; the text itself does not outlive the message.
constexpr std::string_view kProtocols[] = {"http", "https", "connect", "socks5",
                                           "tcp",  "dns",   "publish"};

constexpr std::string_view kBundleName = "ca-bundle.pem";
constexpr std::string_view kStoreName = "ca-bundle.p12";

class Teller final : public proxy::Observer {
 public:
  Teller(const run::ProxyLine& line, bool all) : line_(line), all_(all) {}
  void OnRecord(const proxy::Record& record) override {
    if (all_ || !record.allowed) line_.Tell(ToText(record));
  }

 private:
  const run::ProxyLine& line_;
  const bool all_;
};

proxy::Entrances ForService(run::Entrances from) {
  if (!from.http.valid()) {
    proxy::Entrances out;
    out.handed = std::move(from.captured);
    return out;
  }
  return {.http = std::move(from.http),
          .socks = std::move(from.socks),
          .capture = std::move(from.capture),
          .dns_udp = std::move(from.dns_udp),
          .dns_tcp = std::move(from.dns_tcp),
          .captured = std::move(from.captured),
          .handed = {},
          .inner_sockets = std::move(from.inner_sockets)};
}

/// Where the command finds this program; "" when its rules close it.
std::string ReachableProgram(const policy::Policy& policy) {
  const os::DiskView disk;
  const Result<std::string> program = disk.ReadLink("/proc/self/exe");
  if (!program) return "";
  if (policy::Decide(policy, *program).access == policy::Access::kNone) return "";
  return *program;
}

/// The canonical file that programs read the name servers from, where the command sees one.
std::string ResolverFile(const policy::Policy& policy) {
  const Result<RealPath> real = ResolveRealPath(os::DiskView(), "/etc/resolv.conf");
  if (!real || real->kind != FileKind::kRegular) return "";
  if (policy::Decide(policy, real->path).access == policy::Access::kNone) return "";
  return real->path;
}

/// Whether an allow rule may be about the host's own loopback, by that name. Which it is, the proxy
/// decides; this only says which ports are worth asking for. A rule for every host is not: a
/// program that waits for a server of its own would find one on every port.
bool MayBeLocalhost(const policy::HostPattern& pattern) {
  const bool is_name =
      pattern.kind == policy::PatternKind::kName || pattern.kind == policy::PatternKind::kAtOrBelow;
  return is_name && pattern.name == "localhost";
}

/// The same by an address.
bool MayBeLoopback(const policy::HostPattern& pattern) {
  if (pattern.kind == policy::PatternKind::kAddressGlob) {
    const auto usual = policy::ParseDestination("127.0.0.1", pattern.ports.low);
    return pattern.name.starts_with("127.") || (usual && policy::AllowCovers(pattern, *usual));
  }
  const bool is_range =
      pattern.kind == policy::PatternKind::kAddress || pattern.kind == policy::PatternKind::kRange;
  if (!is_range) return false;
  const IpAddress& address = pattern.range.base;
  if (!address.is_v4()) return address.Text() == "::1" || address.Text() == "::";
  return address.v4() >> 24U == 127 || (address.v4() == 0 && pattern.range.bits == 32);
}

/// Bits for ProxyDoors::local_ports.
std::vector<std::uint8_t> LocalPorts(const policy::NetworkRules& rules) {
  std::vector<std::uint8_t> out;
  for (const policy::HostRule& rule : rules.rules()) {
    const bool by_name = MayBeLocalhost(rule.pattern);
    if (!rule.allow || (!by_name && !MayBeLoopback(rule.pattern))) continue;
    out.resize(2 * run::kPortBytes);
    const std::size_t start = by_name ? 0 : run::kPortBytes;
    for (std::uint32_t port = rule.pattern.ports.low; port <= rule.pattern.ports.high; ++port) {
      std::uint8_t& bits = out[start + port / 8];
      bits = static_cast<std::uint8_t>(bits | 1U << port % 8);
    }
  }
  return out;
}

bool IsOnSharedHost(const plan::Plan& plan) {
  return std::ranges::any_of(plan.ops, [](const plan::Op& op) {
    return std::holds_alternative<plan::ScopedProcesses>(op);
  });
}

/// Without a network of its own the command has no ports.
Result<> RefuseLostPorts(const Loaded& loaded) {
  const auto& publish = loaded.selected.profile.network.publish;
  if (publish.empty()) return {};
  return Fail(ErrorCode::kUnsupported,
              "'network.publish' of profile '" + Printable(loaded.policy.profile) +
                  "' needs a network namespace, which this engine does not make; remove it or use "
                  "'--engine native'",
              publish.front().from);
}

/// Programs find the proxy's certificate in a file that only they see.
std::unexpected<Error> RefuseInspection(const Loaded& loaded) {
  return Fail(ErrorCode::kUnsupported,
              "profile '" + Printable(loaded.policy.profile) +
                  "' has the proxy look into TLS, and the certificate for that is put into the "
                  "command's view by a mount, which this engine does not make; use '--engine "
                  "native'",
              loaded.policy.network.enabled_from);
}

}  // namespace

Result<std::optional<NetworkProxy>> NetworkProxy::For(const Loaded& loaded, const plan::Plan& plan,
                                                      Surroundings& around) {
  const auto wanted = std::ranges::find_if(plan.ops, [](const plan::Op& op) {
    return std::holds_alternative<plan::ProxiedNetwork>(op);
  });
  if (wanted == plan.ops.end()) return std::optional<NetworkProxy>();
  NetworkProxy out(loaded, around);
  out.on_shared_host_ = IsOnSharedHost(plan);
  if (out.on_shared_host_) {
    AMBIT_CHECK(RefuseLostPorts(loaded));
  }
  AMBIT_CHECK(out.HoldSecrets(around));
  AMBIT_TRY(out.settings_, ProxySettings(loaded, around));
  AMBIT_TRY(out.doors_, run::ChooseDoors());
  out.doors_.publish = !out.settings_.published.empty();
  if (std::get<plan::ProxiedNetwork>(*wanted).capture) {
    out.doors_.resolver_file = ResolverFile(loaded.policy);
    out.doors_.local_ports = LocalPorts(loaded.policy.network.rules);
  }
  out.doors_.certificate = MayLookInside(loaded);
  if (out.on_shared_host_ && out.doors_.certificate) return RefuseInspection(loaded);
  out.roots_ = UpstreamRoots(loaded, out.settings_, around);
  return std::optional<NetworkProxy>(std::move(out));
}

/// From here on only the descriptor has them, which the proxy's process empties: what is forked
/// beside it finds none in its copy of our memory.
Result<> NetworkProxy::HoldSecrets(Surroundings& around) {
  const policy::HttpRules& rules = loaded_->policy.network.rules.http();
  if (rules.secrets().empty()) return {};
  AMBIT_TRY(const proxy::Secrets secrets, ReadSecrets(*loaded_, around));
  ForgetSecretVariables(loaded_->policy.environment, around);
  dummies_ = DummiesOf(rules, secrets);
  const SecretText packed = proxy::Pack(secrets);
  AMBIT_TRY(secrets_, os::HoldSecret(packed.view()));
  return {};
}

/// In the proxy's process.
Result<proxy::Secrets> NetworkProxy::TakeSecrets() const {
  if (!secrets_.valid()) return proxy::Secrets();
  AMBIT_TRY(const SecretText packed, os::ReadHeldSecret(secrets_.get()));
  os::CloseFd(secrets_.get());
  std::optional<proxy::Secrets> secrets = proxy::Unpack(packed.view());
  if (!secrets) return Fail(ErrorCode::kSystem, "the secrets were lost on their way to the proxy");
  return *std::move(secrets);
}

void NetworkProxy::AddVariables(std::vector<std::string>& environment) {
  const config::NetworkTable& table = loaded_->selected.profile.network;
  ProxyVariables told{.doors = doors_,
                      .socks = !table.enable_socks5 || table.enable_socks5->value,
                      .profile = loaded_->policy.profile,
                      .program = ReachableProgram(loaded_->policy),
                      .git_ssh_command = Lookup(environment, "GIT_SSH_COMMAND"),
                      .names_by_tcp = on_shared_host_};
  // The filter of the environment takes it away; here it is what the user wants ssh to be.
  if (!told.git_ssh_command) told.git_ssh_command = Lookup(around_->environment, "GIT_SSH_COMMAND");
  AddProxyVariables(told, environment);
  AddDummies(dummies_, loaded_->policy.environment, environment);
  if (!doors_.certificate) return;
  command_environment_ = environment;
  AddTrustVariables(JoinPath(run::kOwnFiles, kBundleName), JoinPath(run::kOwnFiles, kStoreName),
                    environment);
}

Result<std::vector<run::OwnFile>> NetworkProxy::TrustFiles(std::string_view certificate) const {
  const policy::Policy& policy = loaded_->policy;
  TrustBundle bundle = roots_;
  bundle.AddUsers(command_environment_, os::DiskView(), [&policy](const std::string& path) {
    return policy::Decide(policy, path).access != policy::Access::kNone;
  });
  bundle.Add(certificate);
  AMBIT_TRY(std::string store, proxy::ToTrustStore(bundle.certificates()));
  std::vector<run::OwnFile> out;
  out.push_back({std::string(kBundleName), bundle.Text()});
  out.push_back({std::string(kStoreName), std::move(store)});
  return out;
}

run::ProxyBody NetworkProxy::Body(bool every_decision, bool publish) const {
  return [this, every_decision, publish](run::ProxyLine& line) -> Result<> {
    Teller teller(line, every_decision);
    proxy::Settings settings = settings_;
    settings.observer = &teller;
    if (!publish) settings.published.clear();
    settings.clients_are_named = doors_.names_clients;
    AMBIT_TRY(const proxy::Secrets secrets, TakeSecrets());
    settings.secrets = &secrets;
    AMBIT_TRY(const auto parent_tls, MakeParentTls(settings, roots_));
    settings.parent_tls = parent_tls.get();
    std::unique_ptr<proxy::Inspection> inspection;
    if (doors_.certificate) {
      AMBIT_TRY(inspection, proxy::Inspection::Make(roots_.Text()));
      settings.inspection = inspection.get();
      line.TellCertificate(inspection->certificate());
    }
    settings.on_ready = [&line] { line.SayReady(); };
    AMBIT_TRY(run::Entrances entrances, line.Receive());
    return proxy::Serve(ForService(std::move(entrances)), settings, line.stop_fd());
  };
}

std::string ToText(const proxy::Record& record) {
  audit::FlatJson out;
  out.Text("protocol", record.protocol)
      .Text("host", record.host)
      .Number("port", record.port)
      .Text("method", record.method)
      .Boolean("allowed", record.allowed)
      .Text("reason", record.reason)
      .Text("message", record.message)
      .Text("rule", record.rule)
      .Text("place", record.place)
      .Text("hint", record.hint)
      .Text("address", record.address)
      .Boolean("address_checked", record.address_checked)
      .Number("client_port", record.client_port)
      .Number("client_process", record.client.process)
      .Text("client_program", record.client.program)
      .Number("bytes_sent", static_cast<std::int64_t>(record.bytes_sent))
      .Number("bytes_received", static_cast<std::int64_t>(record.bytes_received))
      .Number("microseconds", static_cast<std::int64_t>(record.microseconds));
  return std::move(out).Take();
}

std::optional<proxy::Record> RecordOf(std::string_view text) {
  const std::optional<audit::FlatObject> read = audit::FlatObject::Read(text);
  if (!read) return std::nullopt;
  const auto word = [&](std::string_view name) { return read->Text(name).value_or(""); };
  const auto number = [&](std::string_view name) {
    return static_cast<std::uint64_t>(std::max<std::int64_t>(0, read->Number(name).value_or(0)));
  };
  proxy::Record out;
  const std::string protocol = word("protocol");
  const auto* const known = std::ranges::find(kProtocols, protocol);
  if (known == std::end(kProtocols)) return std::nullopt;
  out.protocol = *known;
  out.host = word("host");
  out.port = static_cast<std::uint16_t>(number("port"));
  out.method = word("method");
  out.allowed = read->Boolean("allowed").value_or(false);
  out.reason = word("reason");
  out.message = word("message");
  out.rule = word("rule");
  out.place = word("place");
  out.hint = word("hint");
  out.address = word("address");
  out.address_checked = read->Boolean("address_checked").value_or(true);
  out.client_port = static_cast<std::uint16_t>(number("client_port"));
  out.client.process = static_cast<std::int32_t>(number("client_process"));
  out.client.program = word("client_program");
  out.bytes_sent = number("bytes_sent");
  out.bytes_received = number("bytes_received");
  out.microseconds = number("microseconds");
  return out;
}

audit::Connection ConnectionOf(const proxy::Record& record, const std::string& profile) {
  return {.profile = profile,
          .protocol = std::string(record.protocol),
          .host = record.host,
          .port = record.port,
          .method = record.method,
          .allowed = record.allowed,
          .reason = record.reason,
          .rule = record.rule,
          .place = record.place,
          .address = record.address,
          .address_checked = record.address_checked,
          .client_port = record.client_port,
          .client_process = record.client.process,
          .client_program = record.client.program,
          .bytes_sent = record.bytes_sent,
          .bytes_received = record.bytes_received,
          .microseconds = record.microseconds};
}

audit::Denial DenialOf(const proxy::Record& record) {
  const bool name_only = record.port == 0;
  return {.layer = "network",
          .operation = name_only ? "resolve" : "connect",
          .object = name_only ? record.host : record.host + ":" + std::to_string(record.port),
          .rule = record.place,
          .reason = record.message.empty() ? record.reason : record.message,
          .grant = record.hint,
          .advice = record.hint.empty() ? "no line of the profile alone allows this"
                                        : "add the line to 'network.domains' of the profile",
          .grant_permitted = true,
          .program = record.client.program,
          .process = record.client.process};
}

}  // namespace ambit::cli
