#pragma once

#include "proxy/session.h"

namespace ambit::proxy {

/// A client of the SOCKS5 proxy (RFC 1928).
class SocksSession final : public Session {
 public:
  SocksSession(Context& context, std::uint16_t client_port, bool crowded)
      : Session(context, client_port), crowded_(crowded) {}

 private:
  enum class Step : std::uint8_t { kGreeting, kRequest, kConnect };

  void OnBegin() override;
  void OnProgress() override;
  void OnTimeout() override { End(); }
  void OnConnected(std::unique_ptr<Stream> origin, std::string_view early) override;
  void OnRefused(const Refusal& refusal) override;
  /// Whether another message has been read.
  bool ReadGreeting();
  bool ReadRequest();
  void Answer(socks5::Reply reply);

  Step step_ = Step::kGreeting;
  bool crowded_;
};

}  // namespace ambit::proxy
