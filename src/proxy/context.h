#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/ip_address.h"
#include "os/tcp_calls.h"
#include "proxy/clients.h"
#include "proxy/held_bodies.h"
#include "proxy/loop.h"
#include "proxy/name_lookup.h"
#include "proxy/service.h"
#include "proxy/tunnel.h"
#include "proxy/upstream_pool.h"

namespace ambit::proxy {

/// How many more connections than the most there may be, so that they can be told.
inline constexpr std::size_t kToldAboutCrowd = 64;

class Session;

/// What all connections of one proxy share.
struct Context {
  Context(Loop& the_loop, const Settings& the_settings);

  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;
  ~Context();

  Loop& loop;
  const Settings& settings;
  std::unique_ptr<NameLookup> names;
  UpstreamPool upstreams;
  PipePool pipes;
  BodyBudget bodies;  ///< Outlives the sessions.
  std::unordered_map<Session*, std::unique_ptr<Session>> sessions;
  Clients clients;
  /// Takes what the broker has told meanwhile; none where nothing is heard of it.
  std::function<void()> hear_broker = {};
  std::vector<os::SocketAddress> listeners;  ///< Our own, where they are in our own network.

  /// The program at `port` of the sandbox's network, where clients are named.
  Client ClientAt(bool datagrams, std::uint16_t port);
  /// This host's addresses; read again when they are a second old.
  const std::vector<IpAddress>& OwnAddresses();
  /// Whether dialling it would come back to us.
  [[nodiscard]] bool IsOwnListener(const os::SocketAddress& address) const;
  void Tell(const Record& record) const {
    if (settings.observer != nullptr) settings.observer->OnRecord(record);
  }

 private:
  std::vector<IpAddress> own_addresses_;
  std::uint64_t own_read_ = 0;
};

os::SocketAddress ToSocketAddress(const IpAddress& address, std::uint16_t port);
IpAddress ToIpAddress(const os::SocketAddress& address);

}  // namespace ambit::proxy
