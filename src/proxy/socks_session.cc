#include "proxy/socks_session.h"

#include <utility>

#include "proxy/socks5.h"

namespace ambit::proxy {
namespace {

/// Longer than any greeting or request.
constexpr std::size_t kMostBytes = 1024;

}  // namespace

void SocksSession::OnBegin() { timer_.SetMs(context_.settings.limits.socks_ms); }

void SocksSession::OnProgress() {
  if (step_ == Step::kConnect) return;
  for (;;) {
    client_->Flush(out_);
    if (client_->broken()) return End();
    while (step_ == Step::kGreeting ? ReadGreeting() : ReadRequest()) {
      if (step_ == Step::kConnect || busy_ending()) return;
    }
    if (busy_ending() || step_ == Step::kConnect) return;
    client_->Flush(out_);
    if (in_.size() >= kMostBytes) return End();
    if (client_->ReceiveInto(in_, kMostBytes - in_.size()) == 0) break;
  }
  if (client_->ended() || client_->broken()) End();
}

bool SocksSession::ReadGreeting() {
  const socks5::Greeting greeting = socks5::ParseGreeting(in_.view());
  if (greeting.state == socks5::State::kClose) {
    End();
    return false;
  }
  if (greeting.state != socks5::State::kDone) return false;
  in_.Take(greeting.size);
  if (!greeting.offers_none) {
    out_.Append(socks5::kNoMethod);
    Farewell();
    return false;
  }
  out_.Append(socks5::kNoAuthentication);
  step_ = Step::kRequest;
  return true;
}

bool SocksSession::ReadRequest() {
  const socks5::Request request = socks5::ParseRequest(in_.view());
  if (request.state == socks5::State::kMore) return false;
  if (request.state == socks5::State::kClose) {
    End();
    return false;
  }
  if (request.state == socks5::State::kReply) {
    Answer(request.reply);
    return false;
  }
  in_.Take(request.size);
  const Result<policy::Destination> to = policy::ParseDestination(request.host, request.port);
  OpenRecord(policy::ToWord(policy::Protocol::kSocks5));
  if (crowded_ || !to) {
    record_.allowed = false;
    record_.reason = policy::ToWord(policy::Reason::kBadRequest);
    record_.message = crowded_ ? "too many connections from this sandbox" : to.error().message;
    if (crowded_) {
      Answer(socks5::Reply::kGeneralFailure);
    } else {
      End();
    }
    return false;
  }
  timer_.Clear();
  step_ = Step::kConnect;
  Connect(*to, policy::Protocol::kSocks5, Reuse::kNever);
  return false;
}

void SocksSession::Answer(socks5::Reply reply) {
  out_.Append(socks5::MakeReply(reply));
  Farewell();
}

void SocksSession::OnConnected(std::unique_ptr<Stream> origin, std::string_view early) {
  origin_ = std::move(origin);
  origin_->set_user(this);
  if (connector_.parent() == nullptr) {
    record_.address = ToIpAddress(origin_->address).Text();
  }
  const os::SocketAddress local = os::LocalAddress(origin_->fd());
  const std::string_view bytes(reinterpret_cast<const char*>(local.bytes.data()), local.size);
  out_.Append(socks5::MakeReply(socks5::Reply::kSucceeded, bytes, local.port));
  BeginTunnel(early);
}

void SocksSession::OnRefused(const Refusal& refusal) {
  NoteRefusal(refusal);
  // What speaks SSH shows a reason when it comes as SSH (R18.3).
  const std::string last_word = refusal.denied ? ToFarewell(refusal, to_, true) : "";
  if (last_word.empty()) return Answer(refusal.reply);
  out_.Append(socks5::MakeReply(socks5::Reply::kSucceeded));
  out_.Append(last_word);
  Farewell();
}

}  // namespace ambit::proxy
