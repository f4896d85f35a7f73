#include "proxy/dns_stub.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "os/tcp_calls.h"
#include "policy/network.h"
#include "proxy/dns_message.h"

namespace ambit::proxy {
namespace {

constexpr std::uint32_t kTtlSeconds = 5;
constexpr std::size_t kLongestMessage = 4096;
constexpr int kDatagramsAtOnce = 64;

dns::Address ToDns(const IpAddress& address) {
  dns::Address out;
  const auto bytes = address.bytes();
  out.size = bytes.size();
  std::ranges::copy(bytes, out.bytes.begin());
  return out;
}

/// localhost is the sandbox itself (RFC 6761 §6.3).
std::optional<dns::Address> Loopback(std::uint16_t type) {
  if (type == static_cast<std::uint16_t>(dns::Type::kA)) return ToDns(IpAddress::V4(0x7f000001));
  if (type != static_cast<std::uint16_t>(dns::Type::kAaaa)) return std::nullopt;
  std::array<std::uint8_t, 16> bytes{};
  bytes.back() = 1;
  return ToDns(IpAddress::V6(bytes));
}

/// A question names no port: the answer for the first one on which anything is allowed.
policy::NetworkVerdict MayLookUp(const policy::NetworkRules& rules, policy::Destination to) {
  const policy::NetworkVerdict usual = rules.Before(to, policy::Protocol::kConnect);
  if (usual.allowed()) return usual;
  std::vector<std::uint16_t> ports = {80, 22};
  for (const policy::HostRule& rule : rules.rules()) {
    if (rule.allow && rule.pattern.has_ports) ports.push_back(rule.pattern.ports.low);
  }
  for (const std::uint16_t port : ports) {
    to.port = port;
    policy::NetworkVerdict verdict = rules.Before(to, policy::Protocol::kConnect);
    if (verdict.allowed()) return verdict;
  }
  return usual;
}

}  // namespace

DnsStub::DnsStub(Context& context, FakeAddresses& names, os::UniqueFd datagrams)
    : context_(context), names_(names), datagrams_(std::move(datagrams)) {}

void DnsStub::OnReady(const os::Readiness& /*ready*/) {
  std::array<char, kLongestMessage> bytes;
  for (int i = 0; i < kDatagramsAtOnce; ++i) {
    os::SocketAddress from;
    const auto got = os::ReceiveFrom(datagrams_.get(), bytes.data(), bytes.size(), from);
    if (got < 0) return;
    const Asker asker{from.port, [&] { return context_.ClientAt(true, from.port); }};
    const std::string answer = Answer({bytes.data(), static_cast<std::size_t>(got)}, asker);
    // An answer that cannot be sent is lost like any datagram; the client asks again.
    if (!answer.empty()) {
      static_cast<void>(os::SendTo(datagrams_.get(), answer.data(), answer.size(), from));
    }
  }
}

std::string DnsStub::Answer(std::string_view message, const Asker& asker) {
  const dns::Parsed parsed = dns::ParseQuery(message);
  if (!parsed.query) {
    return parsed.code == dns::Code::kOk ? "" : dns::MakeFailure(message, parsed.code);
  }
  const dns::Query& query = *parsed.query;
  if (policy::IsLocalhostName(query.name)) {
    return dns::MakeAnswer(query, dns::Code::kOk, Loopback(query.type), kTtlSeconds);
  }
  const Result<policy::Destination> to = policy::ParseDestination(query.name, 443);
  if (!to || to->name() == nullptr) {
    return dns::MakeAnswer(query, dns::Code::kNoSuchName, std::nullopt, 0);
  }
  const policy::NetworkVerdict verdict = MayLookUp(*context_.settings.rules, *to);
  if (!verdict.allowed()) {
    return dns::MakeAnswer(query, dns::Code::kNoSuchName, std::nullopt, 0,
                           Refuse(*to->name(), verdict, asker));
  }
  // Of the other types there is nothing to tell: a client then takes the address.
  std::optional<dns::Address> address;
  if (query.type == static_cast<std::uint16_t>(dns::Type::kA)) {
    address = ToDns(names_.AddressOf(*to->name()));
  }
  return dns::MakeAnswer(query, dns::Code::kOk, address, kTtlSeconds);
}

std::string DnsStub::Refuse(std::string_view name, const policy::NetworkVerdict& verdict,
                            const Asker& asker) const {
  Record record;
  record.protocol = "dns";
  record.host = name;
  record.reason = policy::ToWord(verdict.reason);
  record.message = verdict.detail;
  record.rule = verdict.rule;
  record.place = ToString(verdict.from);
  record.hint = verdict.hint;
  record.client_port = asker.port;
  record.client = asker.client();
  context_.Tell(record);
  return record.message;
}

void DnsSession::OnProgress() {
  for (;;) {
    while (AnswerOne()) {
    }
    if (over()) return;
    client_->Flush(out_);
    // A client that asks without reading waits until it reads.
    if (client_->broken()) return End();
    if (out_.size() > kLongestMessage) return;
    if (client_->ReceiveInto(in_, kLongestMessage) == 0) break;
    timer_.SetMs(context_.settings.limits.socks_ms);
  }
  if (client_->ended() || client_->broken()) {
    if (out_.empty()) return End();
    Farewell();
  }
}

/// A message behind its length.
bool DnsSession::AnswerOne() {
  const std::string_view bytes = in_.view();
  if (bytes.size() < 2 || out_.size() > kLongestMessage) return false;
  const std::size_t size = static_cast<std::size_t>(static_cast<unsigned char>(bytes[0])) << 8 |
                           static_cast<unsigned char>(bytes[1]);
  if (size > kLongestMessage) {
    End();
    return false;
  }
  if (bytes.size() < 2 + size) return false;
  const std::string answer =
      stub_.Answer(bytes.substr(2, size), {client_port(), [this] { return client(); }});
  in_.Take(2 + size);
  if (answer.empty()) return true;
  out_.Append(
      std::string{static_cast<char>(answer.size() >> 8), static_cast<char>(answer.size() & 0xff)});
  out_.Append(answer);
  return true;
}

}  // namespace ambit::proxy
