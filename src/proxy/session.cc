#include "proxy/session.h"

#include <utility>

#include "os/tcp_calls.h"
#include "proxy/intercepted_session.h"

namespace ambit::proxy {
namespace {

using policy::Interception;

constexpr std::uint64_t kFarewellMs = 2'000;
constexpr std::uint64_t kPeekMs = 10'000;
/// How much of what a client still sends is read away, so that it gets to our last word.
constexpr std::size_t kMostDrained = 256UL << 10;
constexpr std::uint16_t kHttps = 443;
constexpr char kHandshake = 22;

/// What is wrong with the name in a ClientHello for `to`; "" when nothing is.
std::string_view MismatchOf(const ClientHello& hello, const policy::Destination& to) {
  if (hello.state == ClientHello::State::kNotTls) return "the first message is not TLS";
  if (to.name() == nullptr) {
    return hello.server_name.empty() ? "" : "the destination is an address, but SNI names a host";
  }
  if (hello.server_name.empty()) return "SNI names no host";
  const Result<policy::Destination> named = policy::ParseDestination(hello.server_name, to.port);
  if (!named || named->host != to.host) return "SNI names another host";
  return "";
}

}  // namespace

Session::Session(Context& context, std::uint16_t client_port)
    : context_(context),
      connector_(context, *this),
      timer_(context.loop, [this] { OnTimer(); }),
      client_port_(client_port) {}

bool Session::Adopt(os::UniqueFd client) {
  client_ = Stream::Make(context_.loop, std::move(client), *this);
  return client_ != nullptr;
}

void Session::OnStream(Stream& /*stream*/) {
  switch (phase_) {
    case Phase::kProtocol:
      return OnProgress();
    case Phase::kPeek:
      return Peek();
    case Phase::kTunnel:
      return PumpTunnel();
    case Phase::kFarewell:
      return PumpFarewell();
    case Phase::kOver:
      return;
  }
}

void Session::OnTimer() {
  switch (phase_) {
    case Phase::kProtocol:
      return OnTimeout();
    case Phase::kTunnel:
      // Set for at once when the tunnel let others have their turn.
      if (tunnel_->wants_again()) return PumpTunnel();
      return End();
    case Phase::kPeek:
    case Phase::kFarewell:
      return End();
    case Phase::kOver:
      return;
  }
}

void Session::Connect(const policy::Destination& to, policy::Protocol protocol, Reuse reuse) {
  to_ = to;
  NoteDestination(to);
  connector_.Start(to_, protocol, reuse);
}

void Session::BeginTunnel(std::string_view early) {
  look_ = context_.settings.rules->http().InterceptionFor(to_);
  out_.Append(early);
  // A server that speaks first speaks no TLS.
  const bool waits = early.empty() || look_ == Interception::kRequired;
  if (!waits || (look_ == Interception::kNone && !context_.settings.require_sni_match)) {
    return StartTunnel();
  }
  phase_ = Phase::kPeek;
  const bool soon = look_ == Interception::kRequired || to_.port == kHttps;
  timer_.SetMs(soon ? kPeekMs : context_.settings.limits.idle_ms);
  Peek();
}

/// Waits for the whole ClientHello. On ports other than 443 something else than TLS may be spoken,
/// also by a server that speaks first, unless every request is to be seen.
void Session::Peek() {
  const bool flushed = client_->Flush(out_);
  while (in_.size() < kLongestClientHello &&
         client_->ReceiveInto(in_, kLongestClientHello - in_.size()) > 0) {
  }
  if (client_->broken() || (client_->ended() && in_.empty())) return End();
  const bool exact = context_.settings.require_sni_match;
  const bool strict = look_ == Interception::kRequired || (exact && to_.port == kHttps);
  if (!strict && (in_.empty() ? origin_->readable() : in_.view().front() != kHandshake)) {
    return StartTunnel();
  }
  const ClientHello hello = ParseClientHello(in_.view());
  const bool whole = hello.state == ClientHello::State::kDone;
  if (hello.state == ClientHello::State::kMore) {
    if (client_->ended()) RefuseHello("it ends too early");
    return;
  }
  const std::string_view mismatch = MismatchOf(hello, to_);
  if (!mismatch.empty() && (exact || (strict && !whole))) return RefuseHello(mismatch);
  if (look_ == Interception::kNone || !whole) return StartTunnel();
  if (!flushed) return;
  PassOn(std::make_unique<InterceptedSession>(context_, client_port_, to_, hello.server_name));
}

void Session::RefuseHello(std::string_view why) {
  NoteRefusal(NameMismatch(to_, why));
  // A fatal alert, unrecognized_name (RFC 8446 §6).
  out_.Append(std::string_view("\x15\x03\x03\x00\x02\x02\x70", 7));
  Farewell();
}

void Session::PassOn(std::unique_ptr<Session> next) {
  Session& heir = *next;
  context_.sessions.emplace(&heir, std::move(next));
  heir.client_ = std::move(client_);
  heir.client_->set_user(&heir);
  heir.in_ = std::move(in_);
  if (origin_) {
    heir.origin_ = std::move(origin_);
    heir.origin_->set_user(&heir);
  }
  const bool asked = record_open_;
  End();
  heir.program_ = program_;
  heir.approval_ = approval_;
  if (asked) {
    heir.approval_ = {record_.rule, record_.place, record_.address, record_.address_checked};
  }
  heir.OnBegin();
}

bool Session::BeginBeside(std::unique_ptr<Session> next, os::UniqueFd client) {
  Session& other = *next;
  if (!other.Adopt(std::move(client))) return false;
  context_.sessions.emplace(&other, std::move(next));
  other.program_ = program_;
  other.approval_ = approval_;
  if (origin_) {
    other.origin_ = std::move(origin_);
    other.origin_->set_user(&other);
  }
  other.OnBegin();
  return true;
}

void Session::StartTunnel() {
  phase_ = Phase::kTunnel;
  os::KeepAlive(client_->fd());
  os::KeepAlive(origin_->fd());
  tunnel_.emplace(context_.pipes, *client_, *origin_);
  tunnel_->Start(out_.view(), in_.view());
  // A tunnel may live for long; it needs no buffers of ours.
  in_ = {};
  out_ = {};
  timer_.SetMs(context_.settings.limits.idle_ms);
  PumpTunnel();
}

void Session::PumpTunnel() {
  const bool going = tunnel_->Pump();
  record_.bytes_sent = tunnel_->sent();
  record_.bytes_received = tunnel_->received();
  if (!going) return End(tunnel_->broken());
  timer_.SetMs(tunnel_->wants_again() ? 0 : context_.settings.limits.idle_ms);
}

void Session::Farewell() {
  phase_ = Phase::kFarewell;
  connector_.Cancel();
  DropOrigin();
  TellRecord();
  timer_.SetMs(kFarewellMs);
  PumpFarewell();
}

void Session::PumpFarewell() {
  if (!client_->Flush(out_) && !client_->broken()) return;
  if (client_->broken()) return End();
  if (!farewell_sent_) {
    farewell_sent_ = true;
    client_->ShutdownWriting();
  }
  for (;;) {
    in_.Clear();
    const std::size_t got = client_->ReceiveInto(in_, Buffer::kPiece);
    drained_ += got;
    if (got == 0 || drained_ > kMostDrained) break;
  }
  if (client_->ended() || client_->broken() || drained_ > kMostDrained) End();
}

void Session::End(bool reset) {
  if (phase_ == Phase::kOver) return;
  phase_ = Phase::kOver;
  connector_.Cancel();
  timer_.Clear();
  TellRecord();
  if (reset) {
    if (client_) static_cast<void>(os::ResetOnClose(client_->fd()));
    if (origin_) static_cast<void>(os::ResetOnClose(origin_->fd()));
  }
  if (client_) client_->set_user(nullptr);
  DropOrigin();
  const auto found = context_.sessions.find(this);
  if (found == context_.sessions.end()) return;
  context_.loop.Bury(std::move(found->second));
  context_.sessions.erase(found);
}

void Session::DropOrigin() {
  if (!origin_ || tunnel_) return;  // the tunnel refers to it until the end
  origin_->set_user(nullptr);
  context_.loop.Bury(std::move(origin_));
}

void Session::OpenRecord(std::string_view protocol) {
  record_ = {};
  record_.protocol = protocol;
  record_.client_port = client_port_;
  record_.client = client();
  record_.allowed = true;
  record_.reason = policy::ToWord(policy::Reason::kAllowed);
  record_open_ = true;
  began_ = context_.loop.now();
}

const Client& Session::client() {
  if (!program_) program_ = context_.ClientAt(false, client_port_);
  return *program_;
}

void Session::NoteDestination(const policy::Destination& to) {
  record_.host = to.HostText();
  record_.port = to.port;
}

void Session::NoteRefusal(const Refusal& refusal) {
  record_.allowed = !refusal.denied;
  record_.reason = refusal.reason;
  record_.message = refusal.message;
  record_.rule = refusal.rule;
  record_.place = refusal.place;
  record_.hint = refusal.hint;
}

void Session::TellRecord() {
  if (!record_open_) return;
  record_open_ = false;
  if (record_.allowed) {
    if (record_.rule.empty()) {
      record_.rule = connector_.verdict().rule;
      record_.place = ToString(connector_.verdict().from);
    }
    record_.address_checked = connector_.address_checked();
    if (record_.rule.empty()) {
      record_.rule = approval_.rule;
      record_.place = approval_.place;
    }
    if (record_.address.empty()) {
      record_.address = approval_.address;
      record_.address_checked = approval_.address_checked;
    }
  }
  record_.microseconds = context_.loop.now() - began_;
  context_.Tell(record_);
}

}  // namespace ambit::proxy
