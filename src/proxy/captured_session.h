#pragma once

#include "proxy/session.h"

namespace ambit::proxy {

class Capture;

/// A connection of a program that knows no proxy, which the broker led here.
class CapturedSession final : public Session {
 public:
  CapturedSession(Context& context, std::uint16_t client_port, Capture& capture)
      : Session(context, client_port), capture_(capture), port_(client_port) {}

  /// The broker says where it was to go; nothing: to an address that no name has been given.
  void OnDestination(const Result<policy::Destination>& to);

 private:
  void OnBegin() override;
  void OnProgress() override {}
  void OnTimeout() override;
  void OnConnected(std::unique_ptr<Stream> origin, std::string_view early) override;
  void OnRefused(const Refusal& refusal) override;

  Capture& capture_;
  std::uint16_t port_;
};

}  // namespace ambit::proxy
