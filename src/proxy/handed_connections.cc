#include "proxy/handed_connections.h"

#include <utility>

#include "os/channel.h"
#include "os/tcp_calls.h"

namespace ambit::proxy {

HandedConnections::HandedConnections(Context& context, os::UniqueFd messages, Make make)
    : context_(context), messages_(std::move(messages)), make_(std::move(make)) {}

void HandedConnections::OnReady(const os::Readiness& /*ready*/) {
  // One for each event: it comes again as long as there are more.
  Captured captured;
  int passed = -1;
  const int got = os::ReceiveMessageWith(messages_.get(), &captured, sizeof captured, passed);
  os::UniqueFd connection(passed);
  if (got <= 0) return context_.loop.Unwatch(messages_.get());
  if (got != static_cast<int>(sizeof captured) || !connection.valid()) return;  // not ours
  os::SendAtOnce(connection.get());
  const std::size_t count = context_.sessions.size();
  const std::size_t most = context_.settings.limits.connections;
  if (count < most + kToldAboutCrowd) make_(captured, std::move(connection), count >= most);
}

}  // namespace ambit::proxy
