#include "proxy/captured_session.h"

#include <utility>

#include "proxy/capture.h"

namespace ambit::proxy {

void CapturedSession::OnBegin() {
  timer_.SetMs(context_.settings.limits.captured_ms);
  capture_.Wait(port_, *this);
}

void CapturedSession::OnTimeout() {
  capture_.Forget(port_);
  End(true);
}

void CapturedSession::OnDestination(const Result<policy::Destination>& to) {
  timer_.Clear();
  OpenRecord(policy::ToWord(policy::Protocol::kTcp));
  if (!to) {
    record_.allowed = false;
    record_.reason = policy::ToWord(policy::Reason::kBadRequest);
    record_.message = to.error().message;
    return End(true);
  }
  Connect(*to, policy::Protocol::kTcp, Reuse::kNever);
}

void CapturedSession::OnConnected(std::unique_ptr<Stream> origin, std::string_view early) {
  origin_ = std::move(origin);
  origin_->set_user(this);
  if (connector_.parent() == nullptr) {
    record_.address = ToIpAddress(origin_->address).Text();
  }
  BeginTunnel(early);
}

/// The program believes to be connected: it gets a last word that it can show, or a reset.
void CapturedSession::OnRefused(const Refusal& refusal) {
  NoteRefusal(refusal);
  const std::string last_word = ToFarewell(refusal, to_, false);
  if (last_word.empty()) return End(true);
  out_.Append(last_word);
  Farewell();
}

}  // namespace ambit::proxy
