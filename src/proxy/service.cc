#include "proxy/service.h"

#include <cerrno>
#include <memory>
#include <utility>

#include "os/process_calls.h"
#include "os/tcp_calls.h"
#include "proxy/capture.h"
#include "proxy/captured_session.h"
#include "proxy/context.h"
#include "proxy/dns_stub.h"
#include "proxy/fake_addresses.h"
#include "proxy/handed_connections.h"
#include "proxy/http_session.h"
#include "proxy/loop.h"
#include "proxy/published_session.h"
#include "proxy/secrets.h"
#include "proxy/socks_session.h"

namespace ambit::proxy {
namespace {

constexpr int kAcceptedAtOnce = 32;
constexpr std::uint64_t kPauseMs = 100;

/// Accepts on one listener and begins a session of each connection.
class Entrance final : public Watcher {
 public:
  using Make = std::function<void(os::UniqueFd, std::uint16_t port, bool crowded)>;

  Entrance(Context& context, os::UniqueFd listener, Make make)
      : context_(context),
        listener_(std::move(listener)),
        make_(std::move(make)),
        pause_(context.loop, [this] { Begin(); }) {}

  /// Watches the listener. False: the kernel refuses.
  bool Begin() { return context_.loop.WatchReadable(listener_.get(), *this); }

  void OnReady(const os::Readiness& /*ready*/) override {
    for (int i = 0; i < kAcceptedAtOnce; ++i) {
      const os::Accepted accepted = os::Accept(listener_.get());
      if (accepted.fd == -ECONNABORTED) continue;
      if (accepted.fd == -EAGAIN) return;
      if (accepted.fd < 0) return Pause();
      os::UniqueFd client(accepted.fd);
      const std::size_t most = context_.settings.limits.connections;
      if (context_.sessions.size() >= most + kToldAboutCrowd) continue;
      make_(std::move(client), accepted.peer.port, context_.sessions.size() >= most);
    }
  }

 private:
  /// No descriptors or memory: others have to end first.
  void Pause() {
    context_.loop.Unwatch(listener_.get());
    pause_.SetMs(kPauseMs);
  }

  Context& context_;
  os::UniqueFd listener_;
  Make make_;
  Timer pause_;
};

/// Ends the loop when its descriptor can be read.
class StopWatcher final : public Watcher {
 public:
  explicit StopWatcher(Loop& loop) : loop_(loop) {}
  void OnReady(const os::Readiness& /*ready*/) override { loop_.Stop(); }

 private:
  Loop& loop_;
};

/// The parts of one proxy, and the order in which they go.
class Service {
 public:
  Service(Loop& loop, const Settings& settings) : context_(loop, settings), stop_(loop) {}
  ~Service() {
    for (auto& [raw, session] : context_.sessions) session->Abandon();
    context_.sessions.clear();
  }
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;

  Result<> Open(Entrances entrances, int stop_fd);

 private:
  Result<> OpenStream(os::UniqueFd listener, Entrance::Make make);
  Result<> OpenCapture(os::UniqueFd listener, os::UniqueFd messages);
  Result<> OpenHanded(os::UniqueFd messages);
  void BeginHanded(const Captured& captured, os::UniqueFd connection, bool crowded);
  Result<> OpenNames(os::UniqueFd datagrams, os::UniqueFd listener);

  Result<> OpenPublished(const Published& published);

  Context context_;
  InnerSockets inner_;
  FakeAddresses fakes_;
  StopWatcher stop_;
  std::vector<std::unique_ptr<Entrance>> entrances_;
  std::unique_ptr<Capture> capture_;
  std::unique_ptr<DnsStub> stub_;
  std::unique_ptr<HandedConnections> handed_;
};

std::unexpected<Error> CannotWatch() {
  return Fail(ErrorCode::kSystem, "cannot watch an entrance of the proxy");
}

Result<> Service::OpenStream(os::UniqueFd listener, Entrance::Make make) {
  if (!listener.valid()) return {};
  if (const int error = os::PrepareListener(listener.get()); error != 0) {
    return FailErrno(-error, "cannot use an entrance of the proxy");
  }
  os::SendAtOnce(listener.get());
  os::StayInCache(listener.get());  // clients are on this machine
  if (context_.settings.own_network) {
    context_.listeners.push_back(os::LocalAddress(listener.get()));
  }
  entrances_.push_back(std::make_unique<Entrance>(context_, std::move(listener), std::move(make)));
  if (!entrances_.back()->Begin()) return CannotWatch();
  return {};
}

Result<> Service::OpenCapture(os::UniqueFd listener, os::UniqueFd messages) {
  if (!listener.valid() && !messages.valid()) return {};
  capture_ = std::make_unique<Capture>(context_, fakes_, std::move(messages));
  if (!capture_->Begin()) return CannotWatch();
  context_.hear_broker = [this] { capture_->HearAll(); };
  return OpenStream(std::move(listener), [this](os::UniqueFd fd, std::uint16_t port, bool crowded) {
    if (!crowded) Session::Begin<CapturedSession>(context_, std::move(fd), port, *capture_);
  });
}

Result<> Service::OpenHanded(os::UniqueFd messages) {
  if (!messages.valid()) return {};
  capture_ = std::make_unique<Capture>(context_, fakes_, os::UniqueFd());
  stub_ = std::make_unique<DnsStub>(context_, fakes_, os::UniqueFd());
  handed_ = std::make_unique<HandedConnections>(
      context_, std::move(messages),
      [this](const Captured& captured, os::UniqueFd fd, bool crowded) {
        BeginHanded(captured, std::move(fd), crowded);
      });
  if (!handed_->Begin()) return CannotWatch();
  return {};
}

void Service::BeginHanded(const Captured& captured, os::UniqueFd connection, bool crowded) {
  const std::uint16_t port = captured.client_port;
  capture_->Note(captured);
  switch (captured.service) {
    case HandedService::kHttp:
      return Session::Begin<HttpSession>(context_, std::move(connection), port, crowded);
    case HandedService::kSocks:
      return Session::Begin<SocksSession>(context_, std::move(connection), port, crowded);
    case HandedService::kNames:
      if (crowded) return;
      return Session::Begin<DnsSession>(context_, std::move(connection), port, *stub_);
    case HandedService::kCaptured:
      if (crowded) return;
      capture_->Take(captured);
      return Session::Begin<CapturedSession>(context_, std::move(connection), port, *capture_);
    case HandedService::kStreamClient:
    case HandedService::kDatagramClient:
      return;  // nothing is passed on with these
  }
}

Result<> Service::OpenNames(os::UniqueFd datagrams, os::UniqueFd listener) {
  if (!datagrams.valid()) return {};
  if (const int error = os::PrepareListener(datagrams.get()); error != 0) {
    return FailErrno(-error, "cannot use an entrance of the proxy");
  }
  stub_ = std::make_unique<DnsStub>(context_, fakes_, std::move(datagrams));
  if (!stub_->Begin()) return CannotWatch();
  return OpenStream(std::move(listener), [this](os::UniqueFd fd, std::uint16_t port, bool crowded) {
    if (!crowded) Session::Begin<DnsSession>(context_, std::move(fd), port, *stub_);
  });
}

Result<> Service::OpenPublished(const Published& published) {
  Result<os::UniqueFd> listener = os::ListenAt(published.host);
  if (!listener) {
    return Fail(ErrorCode::kSystem,
                "cannot publish '" + published.text + "': " + listener.error().message +
                    "; choose another port of this host",
                published.from);
  }
  return OpenStream(
      *std::move(listener), [this, &published](os::UniqueFd fd, std::uint16_t port, bool crowded) {
        if (crowded) return;
        Session::Begin<PublishedSession>(context_, std::move(fd), port, inner_, published);
      });
}

Result<> Service::Open(Entrances entrances, int stop_fd) {
  AMBIT_TRY(context_.names, NameLookup::Make(context_.loop, context_.settings.name_servers,
                                             context_.settings.limits.dns_ms));
  if (stop_fd >= 0 && !context_.loop.WatchReadable(stop_fd, stop_)) return CannotWatch();
  AMBIT_CHECK(OpenStream(std::move(entrances.http),
                         [this](os::UniqueFd fd, std::uint16_t port, bool crowded) {
                           Session::Begin<HttpSession>(context_, std::move(fd), port, crowded);
                         }));
  AMBIT_CHECK(OpenStream(std::move(entrances.socks),
                         [this](os::UniqueFd fd, std::uint16_t port, bool crowded) {
                           Session::Begin<SocksSession>(context_, std::move(fd), port, crowded);
                         }));
  AMBIT_CHECK(OpenCapture(std::move(entrances.capture), std::move(entrances.captured)));
  AMBIT_CHECK(OpenNames(std::move(entrances.dns_udp), std::move(entrances.dns_tcp)));
  AMBIT_CHECK(OpenHanded(std::move(entrances.handed)));
  for (os::UniqueFd& socket : entrances.inner_sockets) inner_.Give(std::move(socket));
  for (const Published& one : context_.settings.published) AMBIT_CHECK(OpenPublished(one));
  return {};
}

}  // namespace

Result<> Serve(Entrances entrances, const Settings& settings, int stop_fd) {
  if (settings.rules == nullptr || !settings.rules->enabled()) {
    return Fail(ErrorCode::kDenied, "the profile's network is off: no proxy is started");
  }
  const std::size_t held = settings.secrets == nullptr ? 0 : settings.secrets->size();
  if (settings.rules->http().secrets().size() != held) {
    return Fail(ErrorCode::kUnsupported, "the proxy has not got the secrets that the rules name");
  }
  if (settings.HasTlsParent() && settings.parent_tls == nullptr) {
    return Fail(ErrorCode::kUnsupported, "the proxy cannot speak TLS with the parent proxy");
  }
  static_cast<void>(os::RaiseOpenFiles());
  AMBIT_TRY(const std::unique_ptr<Loop> loop, Loop::Make());
  Service service(*loop, settings);
  AMBIT_CHECK(service.Open(std::move(entrances), stop_fd));
  if (settings.on_ready) settings.on_ready();
  return loop->Run();
}

}  // namespace ambit::proxy
