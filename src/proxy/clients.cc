#include "proxy/clients.h"

#include <utility>

namespace ambit::proxy {

void Clients::Note(bool datagrams, std::uint16_t port, Client client, std::uint64_t now) {
  auto& noted = datagrams ? datagrams_ : streams_;
  if (noted.size() >= kMost) noted.clear();
  noted[port] = {std::move(client), now};
}

Client Clients::TakeStream(std::uint16_t port) {
  const auto found = streams_.find(port);
  if (found == streams_.end()) return {};
  Client out = std::move(found->second.client);
  streams_.erase(found);
  return out;
}

Client Clients::OfDatagrams(std::uint16_t port, std::uint64_t now) const {
  const auto found = datagrams_.find(port);
  if (found == datagrams_.end() || now - found->second.at > kDatagramsFor) return {};
  return found->second.client;
}

}  // namespace ambit::proxy
