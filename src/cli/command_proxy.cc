#include <fmt/format.h>

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "audit/event_sink.h"
#include "audit/time_text.h"
#include "base/json_text.h"
#include "base/path_text.h"
#include "cli/command.h"
#include "cli/exit_status.h"
#include "cli/load.h"
#include "cli/network_proxy.h"
#include "cli/proxy_settings.h"
#include "cli/report.h"
#include "cli/secret_store.h"
#include "os/process_calls.h"
#include "os/process_info.h"
#include "os/tcp_calls.h"
#include "proxy/inspection.h"
#include "proxy/service.h"

namespace ambit::cli {
namespace {

constexpr std::size_t kIdBytes = 8;

/// Writes every decision as an event.
class EventObserver final : public proxy::Observer {
 public:
  EventObserver(audit::EventSink sink, std::string id, std::string profile)
      : sink_(std::move(sink)), id_(std::move(id)), profile_(std::move(profile)) {}
  void OnRecord(const proxy::Record& record) override {
    if (!sink_.is_open()) return;
    sink_.Write(
        ToLine(audit::Stamp{audit::NowMilliseconds(), id_}, ConnectionOf(record, profile_)));
  }
  [[nodiscard]] const std::optional<Error>& problem() const { return sink_.problem(); }

 private:
  audit::EventSink sink_;
  std::string id_;
  std::string profile_;
};

Result<EventObserver> OpenEvents(const Options& options, const std::string& profile) {
  AMBIT_TRY(std::string id, os::RandomHex(kIdBytes));
  audit::EventSink sink;
  if (options.events_fd) {
    AMBIT_TRY(sink, audit::EventSink::ToDescriptor(*options.events_fd));
  } else if (options.events_file) {
    AMBIT_TRY(sink, audit::EventSink::ToFile(*options.events_file));
  }
  return EventObserver(std::move(sink), std::move(id), profile);
}

Result<> CheckNetworkIsOn(const Loaded& loaded) {
  const std::string profile = Printable(loaded.policy.profile);
  if (loaded.policy.unrestricted) {
    return Fail(ErrorCode::kInvalidConfig,
                fmt::format("profile '{}' has no sandbox, and so no network rules", profile));
  }
  if (loaded.policy.network.rules.enabled()) return {};
  return Fail(ErrorCode::kInvalidConfig,
              fmt::format("the network is off in profile '{}'; set enabled = true in its network "
                          "table",
                          profile),
              loaded.policy.network.enabled_from);
}

Result<os::UniqueFd> ListenOnLoopback() {
  return os::ListenAt(os::SocketAddress{.bytes = {127, 0, 0, 1}, .size = 4, .port = 0});
}

std::string Place(std::string_view scheme, const os::UniqueFd& listener) {
  if (!listener.valid()) return "";
  return fmt::format("{}://127.0.0.1:{}", scheme, os::LocalAddress(listener.get()).port);
}

std::string Announcement(const Options& options, const Loaded& loaded,
                         const proxy::Entrances& entrances, const std::string& certificate,
                         const std::string& credentials) {
  const std::string http = Place("http", entrances.http);
  const std::string socks = Place("socks5h", entrances.socks);
  if (options.json) {
    return fmt::format(
        "{{\"profile\":{},\"http\":{},\"socks\":{},\"certificate\":{},"
        "\"credentials\":{}}}\n",
        JsonString(loaded.policy.profile), JsonString(http),
        socks.empty() ? "null" : JsonString(socks),
        certificate.empty() ? "null" : JsonString(certificate),
        credentials.empty() ? "null" : credentials);
  }
  const std::string dummies = credentials.empty() ? "" : "credentials " + credentials + "\n";
  return fmt::format("http   {}\nsocks  {}\n{}{}", http, socks.empty() ? "off" : socks, dummies,
                     certificate);
}

Result<> Serve(const Options& options) {
  AMBIT_CHECK(os::SecureStandardStreams());
  StepTimer timer;
  Surroundings around = CurrentSurroundings();
  AMBIT_TRY(const Loaded loaded, LoadForThisHost(options.policy, around, timer));
  if (!options.quiet) SayWarnings(loaded);
  AMBIT_CHECK(CheckNetworkIsOn(loaded));
  AMBIT_TRY(proxy::Settings settings, ProxySettings(loaded, around));
  if (!settings.published.empty()) {
    return Fail(ErrorCode::kUnsupported,
                "'network.publish' of profile '" + Printable(loaded.policy.profile) +
                    "' leads into a sandbox, and here is none; remove it or use 'ambit run'",
                settings.published.front().from);
  }
  const policy::HttpRules& requests = loaded.policy.network.rules.http();
  AMBIT_TRY(const proxy::Secrets secrets, ReadSecrets(loaded, around));
  ForgetSecretVariables(loaded.policy.environment, around);
  settings.secrets = &secrets;
  AMBIT_TRY(EventObserver events, OpenEvents(options, loaded.policy.profile));
  settings.observer = &events;
  settings.own_network = true;
  proxy::Entrances entrances;
  AMBIT_TRY(entrances.http, ListenOnLoopback());
  const auto& socks = loaded.selected.profile.network.enable_socks5;
  if (!socks || socks->value) {
    AMBIT_TRY(entrances.socks, ListenOnLoopback());
  }
  const os::UniqueFd signals(os::BlockSignals());
  if (!signals.valid()) return Fail(ErrorCode::kSystem, "cannot wait for signals");
  const TrustBundle roots = UpstreamRoots(loaded, settings, around);
  AMBIT_TRY(const auto parent_tls, MakeParentTls(settings, roots));
  settings.parent_tls = parent_tls.get();
  std::unique_ptr<proxy::Inspection> inspection;
  if (MayLookInside(loaded)) {
    AMBIT_TRY(inspection, proxy::Inspection::Make(roots.Text()));
    settings.inspection = inspection.get();
  }
  const std::string certificate = inspection ? inspection->certificate() : "";
  if (!Answer(Announcement(options, loaded, entrances, certificate,
                           DummiesOf(requests, secrets).json))) {
    return Fail(ErrorCode::kSystem, "nobody would know where the proxy listens");
  }
  AMBIT_CHECK(proxy::Serve(std::move(entrances), settings, signals.get()));
  if (events.problem()) Say(ErrorLine(*events.problem()));
  return {};
}

}  // namespace

int Proxy(const Options& options) {
  if (const Result<> served = Serve(options); !served) {
    Say(ErrorLine(served.error()));
    return kRefused;
  }
  return kSuccess;
}

}  // namespace ambit::cli
