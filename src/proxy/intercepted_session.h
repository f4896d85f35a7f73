#pragma once

#include <memory>
#include <optional>
#include <string>

#include "proxy/http_session.h"
#include "proxy/tls.h"

namespace ambit::proxy {

/// A tunnel that is looked into: towards the client we are the origin, with a certificate of our
/// own, towards the origin a client, and each request in between is decided on.
class InterceptedSession final : public HttpSession {
 public:
  /// `to` is what the tunnel was asked for, `server_name` what the client calls it in TLS, or "".
  InterceptedSession(Context& context, std::uint16_t client_port, const policy::Destination& to,
                     const std::string& server_name);
  /// For one of the lanes of an Http2Session, where TLS has been taken off already.
  InterceptedSession(Context& context, std::uint16_t client_port, const policy::Destination& to,
                     bool misdirected);

 private:
  void OnBegin() override;
  void OnTimeout() override;
  void OnConnected(std::unique_ptr<Stream> origin, std::string_view early) override;
  [[nodiscard]] policy::Protocol protocol() const override { return policy::Protocol::kConnect; }
  [[nodiscard]] std::string_view protocol_word() const override { return "https"; }
  [[nodiscard]] bool is_secure() const override { return true; }
  [[nodiscard]] HeadError ForClient(const HeadError& error) const override;
  std::optional<HeadError> Aim(const policy::Destination& asked) override;
  void Dial(Reuse reuse) override;
  void KeepOrigin() override;
  bool Agree() override;
  [[nodiscard]] bool frames_bodies() const override { return lane_; }

  bool Greet();
  void BeginSecure();
  bool Secure();
  void GiveUpOrigin(const std::string& why);

  policy::Destination named_;  ///< Whose certificate the client is shown.
  bool lane_ = false;
  bool misdirected_ = false;      ///< The client's name for it is another host's.
  TlsLayer* greeting_ = nullptr;  ///< Of the client, which owns it.
  TlsLayer* securing_ = nullptr;  ///< Of the origin, likewise.
};

}  // namespace ambit::proxy
