#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "proxy/clients.h"

namespace ambit::proxy {

/// One decision, and what came of it (network.md 17). Told when the request or the connection has
/// ended; at once when it was refused.
struct Record {
  std::string_view protocol;  ///< "http", "https" in a tunnel that is looked into,
                              ///< "connect", "socks5", "tcp", "dns" or "publish".
  std::string host;           ///< As decided: a name or a canonical address.
  std::uint16_t port = 0;     ///< 0 for "dns".
  std::string method;         ///< Of HTTP, else "".
  bool allowed = false;
  /// A word of policy::Reason, or "sni_mismatch"; "dial_failed", "dial_timeout" and
  /// "upstream_failed" and "client_tls_failed" where the rules allowed what then did not work.
  std::string reason;
  std::string message;               ///< The same for people, one line.
  std::string rule;                  ///< The pattern that decided; "" when no rule did.
  std::string place;                 ///< FILE:LINE of it.
  std::string hint;                  ///< The line of TOML that would allow it; "" if none would.
  std::string address;               ///< Dialled; "" when nothing was, or by a parent proxy.
  bool address_checked = true;       ///< False: a parent proxy resolves the name.
  std::uint16_t client_port = 0;     ///< Of the client's socket, in its own network.
  Client client;                     ///< The program that asked.
  std::uint64_t bytes_sent = 0;      ///< To the destination.
  std::uint64_t bytes_received = 0;  ///< From it.
  std::uint64_t microseconds = 0;    ///< From the request to its end.
};

/// Who is told. Called on the proxy's only thread; must not wait.
class Observer {
 public:
  virtual void OnRecord(const Record& record) = 0;

 protected:
  ~Observer() = default;
};

}  // namespace ambit::proxy
