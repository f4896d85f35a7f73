#include "proxy/intercepted_session.h"

#include <utility>

#include "proxy/http2_session.h"
#include "proxy/inspection.h"

namespace ambit::proxy {
namespace {

constexpr std::uint64_t kGreetMs = 10'000;

}  // namespace

InterceptedSession::InterceptedSession(Context& context, std::uint16_t client_port,
                                       const policy::Destination& to,
                                       const std::string& server_name)
    : HttpSession(context, client_port, false), named_(to) {
  to_ = to;
  if (server_name.empty()) return;
  const Result<policy::Destination> named = policy::ParseDestination(server_name, to.port);
  misdirected_ = !named || named->host != to.host;
  // A client that can check the certificate gets to read why it is refused.
  if (named) named_ = *named;
}

InterceptedSession::InterceptedSession(Context& context, std::uint16_t client_port,
                                       const policy::Destination& to, bool misdirected)
    : HttpSession(context, client_port, false), named_(to), lane_(true), misdirected_(misdirected) {
  to_ = to;
}

void InterceptedSession::OnBegin() {
  if (lane_) return HttpSession::OnBegin();
  const Inspection& inspection = *context_.settings.inspection;
  const Result<const LeafCertificate*> leaf =
      inspection.authority->For(named_, context_.loop.now() / 1'000'000);
  if (!leaf) return End(true);
  Result<std::unique_ptr<TlsLayer>> layer =
      inspection.tls->Accept(client_->fd(), in_.view(), **leaf);
  if (!layer) return End(true);
  in_ = {};
  greeting_ = layer->get();
  client_->Put(*std::move(layer));
  step_ = Step::kGreet;
  timer_.SetMs(kGreetMs);
  OnProgress();
}

bool InterceptedSession::Agree() { return step_ == Step::kGreet ? Greet() : Secure(); }

bool InterceptedSession::Greet() {
  switch (greeting_->Handshake()) {
    case TlsLayer::State::kMore:
      return false;
    case TlsLayer::State::kFailed:
      OpenRecord(protocol_word());
      NoteDestination(to_);
      NoteRefusal(ClientTlsRefusal(greeting_->problem()));
      End();
      return false;
    case TlsLayer::State::kDone:
      break;
  }
  if (greeting_->is_http2()) {
    PassOn(std::make_unique<Http2Session>(context_, client_port(), to_, misdirected_));
    return false;
  }
  step_ = Step::kHead;
  timer_.SetMs(context_.settings.limits.first_byte_ms);
  return true;
}

HeadError InterceptedSession::ForClient(const HeadError& error) const {
  // Of two names one is not this host's.
  return error.text == kSeveralHosts ? HeadError{421, error.text} : error;
}

std::optional<HeadError> InterceptedSession::Aim(const policy::Destination& asked) {
  if (request().IsConnect()) return HeadError{405, "CONNECT not supported inside MITM"};
  if (misdirected_) return HeadError{421, "the server name of TLS is another host's"};
  const bool absolute = request().form == TargetForm::kAbsolute;
  if (absolute && !request().IsSecure()) {
    return HeadError{421, "the request target is not of this connection"};
  }
  if (asked.host == to_.host) return std::nullopt;
  if (absolute) return HeadError{421, "the request target is another host's"};
  return HeadError{400, "host mismatch"};
}

void InterceptedSession::Dial(Reuse /*reuse*/) {
  if (origin_ && origin_->IsIdle()) {
    if (!origin_->secured) return BeginSecure();
    return BeginExchange();
  }
  DropOrigin();
  Connect(to_, protocol(), Reuse::kNever);
}

void InterceptedSession::OnConnected(std::unique_ptr<Stream> origin, std::string_view early) {
  origin_ = std::move(origin);
  origin_->set_user(this);
  if (connector_.parent() == nullptr) record_.address = ToIpAddress(origin_->address).Text();
  if (!early.empty()) return GiveUpOrigin("the origin does not speak TLS");
  BeginSecure();
  OnProgress();
}

void InterceptedSession::BeginSecure() {
  Result<std::unique_ptr<TlsLayer>> layer =
      context_.settings.inspection->tls->Connect(origin_->fd(), to_, origin_->TakeLayer());
  if (!layer) return GiveUpOrigin(layer.error().message);
  securing_ = layer->get();
  origin_->Put(*std::move(layer));
  origin_->secured = true;
  step_ = Step::kSecure;
  timer_.SetMs(context_.settings.limits.dial_ms);
}

bool InterceptedSession::Secure() {
  switch (securing_->Handshake()) {
    case TlsLayer::State::kMore:
      return false;
    case TlsLayer::State::kFailed:
      GiveUpOrigin(securing_->problem());
      return false;
    case TlsLayer::State::kDone:
      break;
  }
  BeginExchange();
  return true;
}

void InterceptedSession::GiveUpOrigin(const std::string& why) {
  const Refusal refusal = MitmUpstreamRefusal(why);
  NoteRefusal(refusal);
  DropBody();
  out_.Append(ToResponse(refusal, protocol_word(), to_.HostText(), to_.port, false,
                         request().method != "HEAD"));
  Farewell();
}

/// One client's requests share one connection to the origin; nobody else's go over it.
void InterceptedSession::KeepOrigin() { origin_->used_before = true; }

void InterceptedSession::OnTimeout() {
  if (step_ == Step::kGreet) return End();
  if (step_ == Step::kSecure) return GiveUpOrigin("the TLS handshake takes too long");
  HttpSession::OnTimeout();
}

}  // namespace ambit::proxy
