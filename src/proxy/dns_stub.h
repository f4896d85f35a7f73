#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "os/unique_fd.h"
#include "proxy/context.h"
#include "proxy/fake_addresses.h"
#include "proxy/loop.h"
#include "proxy/session.h"

namespace ambit::proxy {

/// The name service inside the sandbox (network.md 19). It asks nobody: names that the rules let be
/// looked up get a fake address, which leads to the proxy; all others do not exist.
class DnsStub final : public Watcher {
 public:
  DnsStub(Context& context, FakeAddresses& names, os::UniqueFd datagrams);
  [[nodiscard]] bool Begin() { return context_.loop.WatchReadable(datagrams_.get(), *this); }

  void OnReady(const os::Readiness& ready) override;
  /// Who asks: for the record of a refusal.
  struct Asker {
    std::uint16_t port = 0;
    std::function<Client()> client;  ///< Called only then.
  };
  /// The answer to one message; "" for none.
  std::string Answer(std::string_view message, const Asker& asker);

 private:
  std::string Refuse(std::string_view name, const policy::NetworkVerdict& verdict,
                     const Asker& asker) const;

  Context& context_;
  FakeAddresses& names_;
  os::UniqueFd datagrams_;
};

/// A client that asks over TCP (RFC 7766).
class DnsSession final : public Session {
 public:
  DnsSession(Context& context, std::uint16_t client_port, DnsStub& stub)
      : Session(context, client_port), stub_(stub) {}

 private:
  void OnBegin() override { timer_.SetMs(context_.settings.limits.socks_ms); }
  void OnProgress() override;
  void OnTimeout() override { End(); }
  void OnConnected(std::unique_ptr<Stream> /*origin*/, std::string_view /*early*/) override {}
  void OnRefused(const Refusal& /*refusal*/) override {}
  bool AnswerOne();

  DnsStub& stub_;
};

}  // namespace ambit::proxy
