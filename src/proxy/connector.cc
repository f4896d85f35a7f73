#include "proxy/connector.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "policy/address_guard.h"
#include "proxy/no_proxy.h"
#include "proxy/response_head.h"

namespace ambit::proxy {
namespace {

using Outcome = policy::NetworkVerdict::Outcome;

/// Both families by turns, the first one first (RFC 8305 §4).
std::vector<os::SocketAddress> ByTurns(std::span<const IpAddress> addresses, std::uint16_t port) {
  std::vector<os::SocketAddress> first, second, out;
  for (const IpAddress& address : addresses) {
    const bool leads = address.is_v4() == addresses.front().is_v4();
    (leads ? first : second).push_back(ToSocketAddress(address, port));
  }
  for (std::size_t i = 0; i < std::max(first.size(), second.size()); ++i) {
    if (i < first.size()) out.push_back(first[i]);
    if (i < second.size()) out.push_back(second[i]);
  }
  return out;
}

}  // namespace

Connector::Connector(Context& context, ConnectUser& user)
    : context_(context),
      user_(user),
      next_timer_(context.loop, [this] { OnNextTime(); }),
      late_timer_(context.loop, [this] { OnTooLate(); }) {}

Connector::~Connector() { Cancel(); }

void Connector::Cancel() {
  if (state_ == State::kNaming || state_ == State::kNamingHooked ||
      state_ == State::kNamingParent) {
    context_.names->Forget(*this);
  }
  state_ = State::kIdle;
  next_timer_.Clear();
  late_timer_.Clear();
  for (auto& attempt : attempts_) {
    attempt->set_user(nullptr);
    context_.loop.Bury(std::move(attempt));
  }
  attempts_.clear();
}

void Connector::Start(const policy::Destination& to, policy::Protocol protocol, Reuse reuse) {
  Cancel();
  to_ = to;
  protocol_ = protocol;
  reuse_ = reuse;
  checked_ = true;
  parent_ = nullptr;
  last_error_ = 0;
  verdict_ = context_.settings.rules->Before(to_, protocol_);
  if (!verdict_.allowed()) return Refuse(ToRefusal(verdict_, to_));
  // Nothing goes past what would have to look at it.
  if (protocol_ != policy::Protocol::kHttp && context_.settings.inspection == nullptr &&
      context_.settings.rules->http().InterceptionFor(to_) != policy::Interception::kNone) {
    return Refuse(OpaqueRefusal(to_));
  }
  parent_ = ParentFor(protocol_);
  if (verdict_.outcome != Outcome::kResolve) return Decide({});
  if (parent_ != nullptr && context_.settings.parent_resolves) {
    checked_ = false;
    return GoToParent();
  }
  state_ = State::kNaming;
  context_.names->Find(*to_.name(), *this);
}

const ParentProxy* Connector::ParentFor(policy::Protocol protocol) const {
  const Settings& settings = context_.settings;
  const ParentProxy& parent =
      protocol == policy::Protocol::kHttp ? settings.http_parent : settings.https_parent;
  if (parent.port == 0 || GoesDirect(settings.no_proxy, to_)) return nullptr;
  return &parent;
}

void Connector::OnAddresses(std::span<const IpAddress> addresses) {
  if (state_ == State::kNaming) {
    state_ = State::kIdle;
    Decide(addresses);
  } else if (state_ == State::kNamingHooked) {
    state_ = State::kIdle;
    const policy::HttpHook& hook = context_.settings.rules->http().hooks()[hooked_next_];
    if (addresses.empty()) return Refuse(UnknownHookRefusal(to_, hook));
    for (const IpAddress& address : addresses) hooked_.push_back({&hook, address});
    CompareWithHooked(hooked_next_ + 1);
  } else if (state_ == State::kNamingParent) {
    state_ = State::kIdle;
    if (addresses.empty()) return Refuse(UpstreamRefusal("the parent proxy has no address"));
    DialAll(addresses, parent_->port);
  }
}

void Connector::Decide(std::span<const IpAddress> addresses) {
  const policy::NetworkRules& rules = *context_.settings.rules;
  verdict_ = rules.After(to_, protocol_, addresses, context_.OwnAddresses(), dial_);
  if (verdict_.outcome != Outcome::kDial) return Refuse(ToRefusal(verdict_, to_));
  if (!rules.http().strict() || rules.http().IsHooked(to_)) return Proceed();
  hooked_.clear();
  CompareWithHooked(0);
}

void Connector::CompareWithHooked(std::size_t next) {
  const policy::NetworkRules& rules = *context_.settings.rules;
  const std::vector<policy::HttpHook>& hooks = rules.http().hooks();
  for (; next < hooks.size(); ++next) {
    const auto* const name = std::get_if<policy::HostName>(&hooks[next].host);
    if (name != nullptr) break;
    hooked_.push_back({&hooks[next], std::get<IpAddress>(hooks[next].host)});
  }
  if (next < hooks.size()) {
    hooked_next_ = next;
    state_ = State::kNamingHooked;
    return context_.names->Find(std::get<policy::HostName>(hooks[next].host).text, *this);
  }
  if (auto refused = rules.RefuseBesideHooks(to_, dial_, hooked_)) {
    verdict_ = *std::move(refused);
    return Refuse(ToRefusal(verdict_, to_));
  }
  Proceed();
}

void Connector::Proceed() {
  if (parent_ != nullptr) return GoToParent();
  DialAll(dial_, to_.port);
}

void Connector::GoToParent() {
  if (const auto address = ParseIp(parent_->host)) return DialAll({{*address}}, parent_->port);
  state_ = State::kNamingParent;
  context_.names->Find(parent_->host, *this);
}

std::string Connector::PoolName() const {
  // No name of a host has a blank.
  if (parent_ == nullptr) return to_.HostText();
  return parent_->tls ? "parent proxy over TLS" : "parent proxy";
}

void Connector::DialAll(std::span<const IpAddress> addresses, std::uint16_t port) {
  addresses_ = ByTurns(addresses, port);
  const bool loops = std::ranges::any_of(
      addresses_, [&](const auto& address) { return context_.IsOwnListener(address); });
  if (loops) return Refuse(LoopRefusal(to_));
  if (reuse_ != Reuse::kNever) {
    const std::string name = PoolName();
    for (const os::SocketAddress& address : addresses_) {
      if (auto stream = context_.upstreams.Take(address, name, reuse_)) {
        return HandOver(std::move(stream), {});
      }
    }
  }
  state_ = State::kDialling;
  next_ = 0;
  late_timer_.SetMs(context_.settings.limits.dial_ms);
  DialNext();
}

bool Connector::DialOne(const os::SocketAddress& address) {
  const int fd = os::StartConnect(address);
  if (fd < 0) {
    last_error_ = fd;
    return false;
  }
  auto stream = Stream::Make(context_.loop, os::UniqueFd(fd), *this);
  if (!stream) {
    last_error_ = -ENOMEM;
    return false;
  }
  stream->address = address;
  attempts_.push_back(std::move(stream));
  return true;
}

void Connector::DialNext() {
  while (next_ < addresses_.size()) {
    if (!DialOne(addresses_[next_++])) continue;
    if (next_ < addresses_.size()) next_timer_.SetMs(context_.settings.limits.next_address_ms);
    return;
  }
  if (attempts_.empty()) Refuse(DialRefusal(to_, last_error_, false));
}

void Connector::OnNextTime() {
  if (state_ == State::kDialling) DialNext();
}

void Connector::OnTooLate() { Refuse(DialRefusal(to_, -ETIMEDOUT, true)); }

void Connector::OnStream(Stream& stream) {
  if (state_ == State::kSecuringParent) return SecureParent();
  if (state_ == State::kAskingParent) return HearParent();
  if (state_ != State::kDialling || !stream.writable()) return;
  const int error = os::ConnectError(stream.fd());
  if (error == 0) return Won(stream);
  last_error_ = error;
  const auto found =
      std::ranges::find_if(attempts_, [&](const auto& s) { return s.get() == &stream; });
  if (found == attempts_.end()) return;
  stream.set_user(nullptr);
  context_.loop.Bury(std::move(*found));
  attempts_.erase(found);
  next_timer_.Clear();
  DialNext();
}

void Connector::Won(Stream& stream) {
  const auto found =
      std::ranges::find_if(attempts_, [&](const auto& s) { return s.get() == &stream; });
  if (found == attempts_.end()) return;
  std::unique_ptr<Stream> winner = std::move(*found);
  attempts_.erase(found);
  next_timer_.Clear();
  for (auto& loser : attempts_) {
    loser->set_user(nullptr);
    context_.loop.Bury(std::move(loser));
  }
  attempts_.clear();
  os::SendAtOnce(winner->fd());
  if (policy::IsLoopback(ToIpAddress(winner->address))) os::StayInCache(winner->fd());
  winner->name = PoolName();
  if (parent_ == nullptr) return HandOver(std::move(winner), {});
  attempts_.push_back(std::move(winner));
  if (parent_->tls) return GreetParent();
  ReachedParent();
}

/// Nothing is said to a parent that is to be spoken to over TLS before it has shown who it is; the
/// time to dial covers this too.
void Connector::GreetParent() {
  Stream& stream = *attempts_.front();
  const auto to = policy::ParseDestination(parent_->host, parent_->port);
  if (!to) return Refuse(UpstreamRefusal("the parent proxy has no name"));
  Result<std::unique_ptr<TlsLayer>> layer = context_.settings.parent_tls->Connect(stream.fd(), *to);
  if (!layer) return Refuse(UpstreamRefusal(layer.error().message));
  securing_ = layer->get();
  stream.Put(*std::move(layer));
  state_ = State::kSecuringParent;
  SecureParent();
}

void Connector::SecureParent() {
  switch (securing_->Handshake()) {
    case TlsLayer::State::kMore:
      return;
    case TlsLayer::State::kFailed:
      return Refuse(
          UpstreamRefusal(fmt::format("no TLS with the parent proxy: {}", securing_->problem())));
    case TlsLayer::State::kDone:
      return ReachedParent();
  }
}

/// It takes requests of HTTP as they are, and is asked for a tunnel for all else.
void Connector::ReachedParent() {
  if (protocol_ != policy::Protocol::kHttp) return AskParent();
  HandOverParent({});
}

/// Asks for a tunnel; the time to dial covers this too.
void Connector::AskParent() {
  state_ = State::kAskingParent;
  question_.Clear();
  answer_.Clear();
  scanned_ = 0;
  question_.Append(fmt::format("CONNECT {0} HTTP/1.1\r\nHost: {0}\r\n", to_.Text()));
  if (!parent_->authorization.empty()) {
    question_.Append(fmt::format("Proxy-Authorization: {}\r\n", parent_->authorization));
  }
  question_.Append("\r\n");
  HearParent();
}

void Connector::HearParent() {
  Stream& stream = *attempts_.front();
  stream.Flush(question_);
  while (stream.ReceiveInto(answer_, Buffer::kPiece) > 0) {
    const HeadEnd end = FindHeadEnd(answer_.view(), scanned_);
    if (end.error || answer_.size() > context_.settings.limits.head.bytes) {
      return Refuse(UpstreamRefusal("the parent proxy answers nonsense"));
    }
    if (end.size == 0) continue;
    ResponseHead head;
    const auto error =
        ParseResponseHead(answer_.view().substr(0, end.size), context_.settings.limits.head, head);
    if (error) return Refuse(UpstreamRefusal("the parent proxy answers nonsense"));
    if (head.status / 100 != 2) {
      return Refuse(
          UpstreamRefusal(fmt::format("the parent proxy refuses with status {}", head.status)));
    }
    answer_.Take(end.size);
    // Whether the origin has spoken already is known only when no more is to be had.
    const std::size_t most = context_.settings.limits.head.bytes;
    while (answer_.size() < most && stream.ReceiveInto(answer_, Buffer::kPiece) > 0) {
    }
    return HandOverParent(answer_.view());
  }
  if (stream.ended() || stream.broken()) {
    Refuse(UpstreamRefusal("the parent proxy closes the connection"));
  }
}

void Connector::HandOverParent(std::string_view early) {
  auto winner = std::move(attempts_.front());
  attempts_.clear();
  HandOver(std::move(winner), early);
}

void Connector::HandOver(std::unique_ptr<Stream> stream, std::string_view early) {
  state_ = State::kIdle;
  next_timer_.Clear();
  late_timer_.Clear();
  stream->set_user(nullptr);
  user_.OnConnected(std::move(stream), early);
}

void Connector::Refuse(const Refusal& refusal) {
  Cancel();
  user_.OnRefused(refusal);
}

}  // namespace ambit::proxy
