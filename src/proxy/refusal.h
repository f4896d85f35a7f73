#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "policy/destination.h"
#include "policy/network.h"
#include "proxy/http_fields.h"
#include "proxy/socks5.h"

namespace ambit::proxy {

/// Why a request does not get what it wants, ready to be told in every protocol.
struct Refusal {
  int status = 403;  ///< Of HTTP.
  socks5::Reply reply = socks5::Reply::kNotAllowed;
  bool denied = true;       ///< By a rule; else something failed.
  std::string_view reason;  ///< As in Record::reason.
  std::string_view code;    ///< Value of x-proxy-error; "" when there is none.
  std::string_view source;  ///< Which part decided: "baseline_policy", "mode_guard", …
  std::string message;      ///< One line for people.
  std::string rule;         ///< The pattern that decided, or "".
  std::string place;        ///< FILE:LINE of it.
  std::string hint;         ///< The line of TOML that would allow it, or "".
};

/// Of a verdict that does not allow, or leads nowhere.
Refusal ToRefusal(const policy::NetworkVerdict& verdict, const policy::Destination& to);
/// Of a verdict about one request that does not allow it.
Refusal ToRefusal(const policy::HttpVerdict& verdict, const policy::Destination& to);
/// A tunnel that could hide what has to be looked into.
Refusal OpaqueRefusal(const policy::Destination& to);
/// Under strict_hooks: nobody knows where the host of `hook` is, and so not whether `to` is there
/// too.
Refusal UnknownHookRefusal(const policy::Destination& to, const policy::HttpHook& hook);
/// A destination that was reached by no address: the last errno, or that the time was over.
Refusal DialRefusal(const policy::Destination& to, int error, bool timed_out);
/// A destination that is this proxy itself.
Refusal LoopRefusal(const policy::Destination& to);
/// An origin or a parent proxy that answers nonsense or nothing.
Refusal UpstreamRefusal(std::string_view why);
/// An origin with which no TLS can be agreed upon, or that is not who it should be.
Refusal MitmUpstreamRefusal(std::string_view why);
/// A client that does not agree on TLS with us: most often it does not know our certificate.
Refusal ClientTlsRefusal(std::string_view why);
/// A ClientHello for another name than the destination's.
Refusal NameMismatch(const policy::Destination& to, std::string_view why);

/// The response that says so, with the same JSON for every form of request.
std::string ToResponse(const Refusal& refusal, std::string_view protocol, std::string_view host,
                       std::uint16_t port, bool keep_alive, bool with_body);
/// The response to a malformed or impossible request; the connection is to be closed.
std::string ToResponse(const HeadError& error);

/// What a captured client of port 22, 80 or 443 understands, else "": an SSH disconnect (RFC 4253
/// §11.1), an HTTP response, or a TLS alert.
std::string ToFarewell(const Refusal& refusal, const policy::Destination& to, bool socks);
std::string SshDisconnect(std::string_view message);

}  // namespace ambit::proxy
