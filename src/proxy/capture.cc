#include "proxy/capture.h"

#include <cstring>
#include <iterator>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "os/channel.h"
#include "proxy/captured_session.h"

namespace ambit::proxy {

Capture::Capture(Context& context, FakeAddresses& names, os::UniqueFd messages)
    : context_(context), names_(names), messages_(std::move(messages)) {}

void Capture::OnReady(const os::Readiness& /*ready*/) {
  // One for each event: it comes again as long as there are more.
  static_cast<void>(HearOne());
}

/// False: there will be no more.
bool Capture::HearOne() {
  Captured captured;
  const int got = os::ReceiveMessage(messages_.get(), &captured, sizeof captured);
  if (got <= 0) {
    context_.loop.Unwatch(messages_.get());
    return false;
  }
  if (got == static_cast<int>(sizeof captured)) Take(captured);  // of another size: not ours
  return true;
}

void Capture::HearAll() {
  if (hearing_ || !messages_.valid()) return;
  hearing_ = true;
  const int fd = messages_.get();
  while (os::WaitReadable(&fd, 1, 0) > 0 && HearOne()) {
  }
  hearing_ = false;
}

void Capture::Note(const Captured& captured) {
  if (captured.process <= 0) return;
  const std::string_view room(captured.program.data(), captured.program.size());
  Client client{captured.process, std::string(room.substr(0, room.find('\0')))};
  context_.clients.Note(captured.service == HandedService::kDatagramClient, captured.client_port,
                        std::move(client), context_.loop.now());
}

void Capture::Take(const Captured& captured) {
  Note(captured);
  if (captured.service != HandedService::kCaptured) return;
  DropOld();
  const auto found = waiting_.find(captured.client_port);
  if (found == waiting_.end()) {
    early_[captured.client_port] = {captured, context_.loop.now()};
    return;
  }
  CapturedSession& session = *found->second;
  waiting_.erase(found);
  session.OnDestination(DestinationOf(captured));
}

/// A message without its connection is of a program that gave up in between.
void Capture::DropOld() {
  const std::uint64_t patience = std::uint64_t{context_.settings.limits.captured_ms} * 1000;
  for (auto it = early_.begin(); it != early_.end();) {
    it = context_.loop.now() - it->second.at > patience ? early_.erase(it) : std::next(it);
  }
}

void Capture::Wait(std::uint16_t client_port, CapturedSession& session) {
  DropOld();
  const auto found = early_.find(client_port);
  if (found == early_.end()) {
    waiting_[client_port] = &session;
    return;
  }
  const Captured captured = found->second.captured;
  early_.erase(found);
  session.OnDestination(DestinationOf(captured));
}

void Capture::Forget(std::uint16_t client_port) { waiting_.erase(client_port); }

Result<policy::Destination> Capture::DestinationOf(const Captured& captured) const {
  if (captured.address_size == 0) return policy::ParseDestination("localhost", captured.port);
  if (captured.address_size != 4 && captured.address_size != 16) {
    return Fail(ErrorCode::kInvalidConfig, "no address");
  }
  const std::span<const std::uint8_t> bytes(captured.address.data(), captured.address_size);
  AMBIT_TRY(policy::Destination to, policy::DestinationOf(bytes, captured.port));
  const IpAddress* address = to.address();
  if (address == nullptr || !FakeAddresses::IsFake(*address)) return to;
  const std::string* name = names_.NameOf(*address);
  if (name == nullptr) return Fail(ErrorCode::kNotFound, "no name has this address");
  return policy::ParseDestination(*name, captured.port);
}

}  // namespace ambit::proxy
