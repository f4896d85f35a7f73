#pragma once

#include <cstdint>
#include <map>

#include "os/unique_fd.h"
#include "policy/destination.h"
#include "proxy/context.h"
#include "proxy/fake_addresses.h"
#include "proxy/loop.h"
#include "proxy/service.h"

namespace ambit::proxy {

class CapturedSession;

/// Hears the broker: brings together what it says of captured connections and the connections
/// themselves, in whatever order they come, and keeps what it says of other clients.
class Capture final : public Watcher {
 public:
  Capture(Context& context, FakeAddresses& names, os::UniqueFd messages);

  /// Watches the messages. False: the kernel refuses.
  [[nodiscard]] bool Begin() { return context_.loop.WatchReadable(messages_.get(), *this); }
  void OnReady(const os::Readiness& ready) override;
  /// Takes every message that is there already.
  void HearAll();

  /// What the broker said, also by another way.
  void Take(const Captured& captured);
  /// Only whose the client is.
  void Note(const Captured& captured);

  /// A connection that waits for its message, told at once when it is there already.
  void Wait(std::uint16_t client_port, CapturedSession& session);
  void Forget(std::uint16_t client_port);

 private:
  struct Message {
    Captured captured;
    std::uint64_t at = 0;
  };
  void DropOld();
  bool HearOne();
  [[nodiscard]] Result<policy::Destination> DestinationOf(const Captured& captured) const;

  Context& context_;
  FakeAddresses& names_;
  os::UniqueFd messages_;
  bool hearing_ = false;
  std::map<std::uint16_t, CapturedSession*> waiting_;
  std::map<std::uint16_t, Message> early_;
};

}  // namespace ambit::proxy
