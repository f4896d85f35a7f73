#include "proxy/published_session.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "os/tcp_calls.h"

namespace ambit::proxy {
namespace {

constexpr os::SocketAddress kInside{.bytes = {127, 0, 0, 1}, .size = 4, .port = 0};

}  // namespace

void InnerSockets::Give(os::UniqueFd socket) {
  if (!os::IsStillSending(socket.get())) static_cast<void>(os::Disconnect(socket.get()));
  sockets_.push_back(std::move(socket));
}

os::UniqueFd InnerSockets::Take() {
  while (!sockets_.empty()) {
    auto one = std::ranges::find_if(
        sockets_, [](const os::UniqueFd& socket) { return !os::IsStillSending(socket.get()); });
    if (one == sockets_.end()) one = sockets_.begin();
    os::UniqueFd out = std::move(*one);
    sockets_.erase(one);
    if (os::Disconnect(out.get()) == 0) return out;
  }
  return {};
}

void PublishedSession::OnBegin() {
  OpenRecord("publish");
  os::SocketAddress to = kInside;
  to.port = published_.port;
  record_.host = ToIpAddress(to).Text();
  record_.port = to.port;
  record_.rule = published_.text;
  record_.place = ToString(published_.from);
  os::UniqueFd socket = sockets_.Take();
  if (!socket.valid()) return GiveUp(-EMFILE);
  if (const int error = os::StartConnect(socket.get(), to); error != 0) {
    sockets_.Give(std::move(socket));
    return GiveUp(error);
  }
  os::SendAtOnce(socket.get());
  origin_ = Stream::Make(context_.loop, std::move(socket), *this);
  if (!origin_) return GiveUp(-ENOMEM);
  timer_.SetMs(context_.settings.limits.dial_ms);
}

void PublishedSession::OnProgress() {
  if (!origin_ || !origin_->writable()) return;
  if (const int error = os::ConnectError(origin_->fd()); error != 0) return GiveUp(error);
  record_.address = record_.host;
  StartTunnel();
}

void PublishedSession::OnTimeout() { GiveUp(-ETIMEDOUT); }

/// Nobody listens inside, or cannot be reached: the client learns it as a reset.
void PublishedSession::GiveUp(int error) {
  record_.reason = error == -ETIMEDOUT ? "dial_timeout" : "dial_failed";
  record_.message = FailErrno(-error, "cannot reach the published port").error().message;
  ReturnSocket();
  End(true);
}

void PublishedSession::ReturnSocket() {
  if (!origin_) return;
  os::UniqueFd socket = origin_->Release(context_.loop);
  if (socket.valid()) sockets_.Give(std::move(socket));
}

}  // namespace ambit::proxy
