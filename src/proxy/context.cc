#include "proxy/context.h"

#include <algorithm>

#include "proxy/session.h"

namespace ambit::proxy {

Context::Context(Loop& the_loop, const Settings& the_settings)
    : loop(the_loop),
      settings(the_settings),
      upstreams(the_loop, the_settings.limits),
      bodies(the_settings.limits.held_bytes) {}

Context::~Context() = default;

/// What the broker tells was sent before the client could send, but may still be unread.
Client Context::ClientAt(bool datagrams, std::uint16_t port) {
  if (!settings.clients_are_named) return {};
  const auto find = [&] {
    return datagrams ? clients.OfDatagrams(port, loop.now()) : clients.TakeStream(port);
  };
  Client out = find();
  if (out.process != 0 || !hear_broker) return out;
  hear_broker();
  return find();
}

const std::vector<IpAddress>& Context::OwnAddresses() {
  constexpr std::uint64_t kSecond = 1'000'000;
  if (own_read_ == 0 || loop.now() - own_read_ > kSecond) {
    own_addresses_.clear();
    for (const os::SocketAddress& address : os::InterfaceAddresses()) {
      own_addresses_.push_back(ToIpAddress(address));
    }
    own_read_ = loop.now();
  }
  return own_addresses_;
}

bool Context::IsOwnListener(const os::SocketAddress& address) const {
  return std::ranges::find(listeners, address) != listeners.end();
}

os::SocketAddress ToSocketAddress(const IpAddress& address, std::uint16_t port) {
  os::SocketAddress out;
  const auto bytes = address.bytes();
  out.size = static_cast<std::uint8_t>(bytes.size());
  out.port = port;
  std::ranges::copy(bytes, out.bytes.begin());
  return out;
}

IpAddress ToIpAddress(const os::SocketAddress& address) {
  if (address.size == 16) return IpAddress::V6(std::span<const std::uint8_t, 16>(address.bytes));
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) value = value << 8 | address.bytes[i];
  return IpAddress::V4(value);
}

}  // namespace ambit::proxy
