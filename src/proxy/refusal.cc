#include "proxy/refusal.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>

#include "base/json_text.h"

namespace ambit::proxy {
namespace {

using policy::Reason;

std::string_view CodeOf(Reason reason) {
  switch (reason) {
    case Reason::kNotAllowed:
      return "blocked-by-allowlist";
    case Reason::kNotAllowedLocal:
      return "blocked-by-local-guard";
    case Reason::kDenied:
      return "blocked-by-denylist";
    case Reason::kMethodNotAllowed:
      return "blocked-by-method-policy";
    case Reason::kMitmRequired:
      return "blocked-by-mitm-required";
    case Reason::kMitmHook:
      return "blocked-by-mitm-hook";
    case Reason::kDnsFailed:
      return "dns-failed";
    case Reason::kAllowed:
    case Reason::kPolicyDenied:
    case Reason::kProxyDisabled:
    case Reason::kBadRequest:
      break;
  }
  return "blocked-by-policy";
}

std::string_view SourceOf(Reason reason) {
  if (reason == Reason::kMethodNotAllowed || reason == Reason::kMitmRequired) return "mode_guard";
  return reason == Reason::kProxyDisabled ? "proxy_state" : "baseline_policy";
}

std::string_view Phrase(int status) {
  switch (status) {
    case 400:
      return "Bad Request";
    case 403:
      return "Forbidden";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 414:
      return "URI Too Long";
    case 417:
      return "Expectation Failed";
    case 421:
      return "Misdirected Request";
    case 431:
      return "Request Header Fields Too Large";
    case 501:
      return "Not Implemented";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    default:
      return "Error";
  }
}

/// Text that may stand in a header: what is no visible ASCII becomes '?'.
std::string HeaderText(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte > 0x7e) c = c == '\n' || c == '\t' ? ' ' : '?';
  }
  return out;
}

socks5::Reply ReplyFor(int error, bool timed_out) {
  if (timed_out || error == -ETIMEDOUT) return socks5::Reply::kExpired;
  if (error == -ENETUNREACH) return socks5::Reply::kNetworkUnreachable;
  if (error == -EHOSTUNREACH) return socks5::Reply::kHostUnreachable;
  return socks5::Reply::kConnectionRefused;
}

std::string Number32(std::size_t value) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(value >> shift & 0xff);
  return bytes;
}

/// The part that a verdict about a destination and one about a request have in common.
template <class Verdict>
Refusal WhatItSays(const Verdict& verdict, std::string_view what) {
  Refusal refusal;
  refusal.reason = policy::ToWord(verdict.reason);
  refusal.code = CodeOf(verdict.reason);
  refusal.source = SourceOf(verdict.reason);
  refusal.message = verdict.detail;
  if (refusal.message.empty()) {
    refusal.message = fmt::format("{} is refused: {}", what, refusal.reason);
  }
  refusal.rule = verdict.rule;
  refusal.place = ToString(verdict.from);
  return refusal;
}

}  // namespace

Refusal ToRefusal(const policy::NetworkVerdict& verdict, const policy::Destination& to) {
  Refusal refusal = WhatItSays(verdict, "'" + to.Text() + "'");
  refusal.denied = verdict.outcome == policy::NetworkVerdict::Outcome::kDeny;
  refusal.status = refusal.denied ? 403 : 502;
  refusal.reply = refusal.denied ? socks5::Reply::kNotAllowed : socks5::Reply::kHostUnreachable;
  refusal.hint = verdict.hint;
  return refusal;
}

Refusal ToRefusal(const policy::HttpVerdict& verdict, const policy::Destination& to) {
  return WhatItSays(verdict, "a request to '" + to.Text() + "'");
}

Refusal OpaqueRefusal(const policy::Destination& to) {
  Refusal refusal;
  refusal.reason = policy::ToWord(Reason::kMitmRequired);
  refusal.code = CodeOf(Reason::kMitmRequired);
  refusal.source = SourceOf(Reason::kMitmRequired);
  refusal.message = fmt::format(
      "every request to '{}' has to be looked into, and it is asked for as a tunnel", to.Text());
  return refusal;
}

Refusal UnknownHookRefusal(const policy::Destination& to, const policy::HttpHook& hook) {
  Refusal refusal;
  refusal.reason = policy::ToWord(Reason::kDnsFailed);
  refusal.code = CodeOf(Reason::kDnsFailed);
  refusal.source = SourceOf(Reason::kDnsFailed);
  refusal.message = fmt::format(
      "strict_hooks: the host of hook '{}' has no address now, so nobody can tell whether '{}' is "
      "the same server",
      hook.name, to.Text());
  refusal.rule = "mitm.hooks." + hook.name;
  refusal.place = ToString(hook.from);
  return refusal;
}

Refusal DialRefusal(const policy::Destination& to, int error, bool timed_out) {
  Refusal refusal;
  refusal.status = timed_out || error == -ETIMEDOUT ? 504 : 502;
  refusal.reply = ReplyFor(error, timed_out);
  refusal.denied = false;
  refusal.reason = refusal.status == 504 ? "dial_timeout" : "dial_failed";
  refusal.message = fmt::format("cannot connect to '{}': {}", to.Text(),
                                std::strerror(timed_out ? ETIMEDOUT : -error));
  return refusal;
}

Refusal LoopRefusal(const policy::Destination& to) {
  Refusal refusal;
  refusal.reason = policy::ToWord(Reason::kNotAllowedLocal);
  refusal.code = CodeOf(Reason::kNotAllowedLocal);
  refusal.source = SourceOf(Reason::kNotAllowedLocal);
  refusal.message = fmt::format("'{}' is this proxy itself", to.Text());
  return refusal;
}

Refusal UpstreamRefusal(std::string_view why) {
  Refusal refusal;
  refusal.status = 502;
  refusal.reply = socks5::Reply::kGeneralFailure;
  refusal.denied = false;
  refusal.reason = "upstream_failed";
  refusal.message = fmt::format("upstream failure: {}", why);
  return refusal;
}

Refusal MitmUpstreamRefusal(std::string_view why) {
  Refusal refusal = UpstreamRefusal(why);
  refusal.message = fmt::format("mitm upstream error: {}", why);
  return refusal;
}

Refusal ClientTlsRefusal(std::string_view why) {
  Refusal refusal = UpstreamRefusal(why);
  refusal.reason = "client_tls_failed";
  refusal.message = fmt::format(
      "the client does not accept the certificate of this proxy, or breaks off: {}", why);
  return refusal;
}

Refusal NameMismatch(const policy::Destination& to, std::string_view why) {
  Refusal refusal;
  refusal.reason = "sni_mismatch";
  refusal.code = "blocked-by-policy";
  refusal.source = "baseline_policy";
  refusal.message = fmt::format("the TLS connection to '{}' is refused: {}", to.Text(), why);
  return refusal;
}

std::string ToResponse(const Refusal& refusal, std::string_view protocol, std::string_view host,
                       std::uint16_t port, bool keep_alive, bool with_body) {
  const std::string body = fmt::format(
      R"({{"status":"{}","host":{},"reason":{},"decision":"{}","source":{},"protocol":{},)"
      R"("port":{},"message":{},"rule":{},"hint":{}}})"
      "\n",
      refusal.denied ? "blocked" : "failed", JsonString(host), JsonString(refusal.reason),
      refusal.denied ? "deny" : "allow", JsonString(refusal.source), JsonString(protocol), port,
      JsonString(refusal.message),
      refusal.rule.empty() ? "null" : JsonString(refusal.rule + " (" + refusal.place + ")"),
      refusal.hint.empty() ? "null" : JsonString(refusal.hint));
  std::string rule = "no rule";
  if (!refusal.rule.empty()) rule = refusal.rule + " (" + refusal.place + ")";
  std::string head = fmt::format("HTTP/1.1 {} {}\r\ncontent-type: application/json\r\n",
                                 refusal.status, Phrase(refusal.status));
  if (!refusal.code.empty()) head += fmt::format("x-proxy-error: {}\r\n", refusal.code);
  head += fmt::format("x-ambit-reason: {}\r\n", refusal.reason);
  if (refusal.denied) head += fmt::format("x-ambit-rule: {}\r\n", HeaderText(rule));
  if (!refusal.hint.empty()) head += fmt::format("x-ambit-hint: {}\r\n", HeaderText(refusal.hint));
  head += fmt::format("content-length: {}\r\nconnection: {}\r\n\r\n", body.size(),
                      keep_alive ? "keep-alive" : "close");
  return with_body ? head + body : head;
}

std::string ToResponse(const HeadError& error) {
  const bool empty = error.status == 431 || error.status == 414;
  const std::string body = empty ? "" : std::string(error.text) + "\n";
  return fmt::format(
      "HTTP/1.1 {} {}\r\ncontent-type: text/plain\r\nx-ambit-reason: {}\r\ncontent-length: {}\r\n"
      "connection: close\r\n\r\n{}",
      error.status, Phrase(error.status), error.status < 500 ? "bad_request" : "unavailable",
      body.size(), body);
}

std::string SshDisconnect(std::string_view message) {
  constexpr char kDisconnect = 1;
  constexpr std::size_t kByApplication = 11, kBlock = 8;
  message = message.substr(0, 1024);
  std::string payload(1, kDisconnect);
  payload += Number32(kByApplication) + Number32(message.size()) + std::string(message);
  payload += Number32(0);  // the language
  // Length, padding length, payload and padding fill whole blocks; padding is at least 4 bytes.
  const std::size_t used = 4 + 1 + payload.size();
  std::size_t padding = kBlock - used % kBlock;
  if (padding < 4) padding += kBlock;
  return "SSH-2.0-ambit\r\n" + Number32(1 + payload.size() + padding) + static_cast<char>(padding) +
         payload + std::string(padding, '\0');
}

std::string ToFarewell(const Refusal& refusal, const policy::Destination& to, bool socks) {
  if (to.port == 22) {
    std::string message = "ambit: " + refusal.message;
    if (!refusal.hint.empty()) message += "; to allow it: " + refusal.hint;
    return SshDisconnect(message);
  }
  if (socks) return "";
  if (to.port == 80) return ToResponse(refusal, "tcp", to.HostText(), to.port, false, true);
  // A fatal alert, access_denied (RFC 8446 §6).
  if (to.port == 443) return {"\x15\x03\x03\x00\x02\x02\x31", 7};
  return "";
}

}  // namespace ambit::proxy
