#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/ip_address.h"
#include "base/result.h"
#include "os/tcp_calls.h"
#include "os/unique_fd.h"
#include "policy/network.h"
#include "proxy/http_fields.h"
#include "proxy/record.h"

/// The policy proxy of one sandbox: whatever wants to leave is decided here by
/// policy::NetworkRules, resolved only if allowed, and relayed. One thread, nothing blocks, every
/// buffer is bounded.
namespace ambit::proxy {

/// Where clients come in. Listeners that were made in the sandbox's network namespace and passed
/// out; an entrance that is not valid does not exist.
struct Entrances {
  os::UniqueFd http;     ///< Stream listener.
  os::UniqueFd socks;    ///< Stream listener.
  os::UniqueFd capture;  ///< Stream listener for connections of programs that know no proxy.
  os::UniqueFd dns_udp;
  os::UniqueFd dns_tcp;   ///< Stream listener.
  os::UniqueFd captured;  ///< SOCK_SEQPACKET on which the broker sends every Captured.
  /// SOCK_SEQPACKET on which the broker passes connections themselves, each with a Captured.
  os::UniqueFd handed;
  /// TCP sockets of the sandbox's network, not connected: each carries one connection at a time to
  /// what is published.
  std::vector<os::UniqueFd> inner_sockets;
};

/// What a connection is for that the broker passes on, or only tells of: the last two say whose the
/// port is of a client at one of the other entrances.
enum class HandedService : std::uint32_t {
  kCaptured,
  kHttp,
  kSocks,
  kNames,
  kStreamClient,
  kDatagramClient
};

/// What the broker knows about a connection: of one it made to `capture` on behalf of a program a
/// message each, sent before or at most a second after the connection; of others with
/// Settings::clients_are_named, before the client can send. Plain bytes, one machine.
struct Captured {
  std::uint16_t client_port = 0;   ///< Of the program's socket, which tells the connections apart.
  std::uint16_t port = 0;          ///< What the program wanted.
  std::uint32_t address_size = 0;  ///< 4 or 16; 0: the name localhost.
  std::array<std::uint8_t, 16> address{};
  HandedService service = HandedService::kCaptured;  ///< Of a connection that comes along.
  std::int32_t process = 0;                          ///< See Client.
  std::array<char, 16> program{};                    ///< Up to the first zero byte.
};

/// Bounds of network.md 20; times in milliseconds.
struct Limits {
  HeadLimits head;
  std::uint32_t connections = 512;  ///< Of clients at one time; more are answered 503.
  /// Of request bodies that are needed as a whole, of all clients together; more is answered 503.
  std::size_t held_bytes = 64UL << 20;
  std::uint32_t first_byte_ms = 30'000;
  std::uint32_t head_ms = 15'000;  ///< From the first byte of a request.
  std::uint32_t socks_ms = 10'000;
  std::uint32_t keep_alive_ms = 60'000;
  std::uint32_t dial_ms = 10'000;
  std::uint32_t next_address_ms = 250;  ///< Until the next address is tried beside the first.
  std::uint32_t dns_ms = 3'000;
  std::uint32_t idle_ms = 15 * 60'000;      ///< A tunnel or an exchange without a byte.
  std::uint32_t upstream_idle_ms = 30'000;  ///< How long an idle upstream connection is kept.
  std::uint32_t captured_ms = 1'000;  ///< How long a captured connection waits for the broker.
};

/// The proxy to go through (network.md 12). Its own address is not subject to the rules.
struct ParentProxy {
  std::string host;
  std::uint16_t port = 0;     ///< 0: no such proxy.
  std::string authorization;  ///< Value for Proxy-Authorization; never shown to the client.
  bool tls = false;           ///< It is spoken to over TLS, and has to show who it is.
};

/// A port of the sandbox's 127.0.0.1 that is reached from outside.
struct Published {
  std::string text;        ///< The entry, for records and messages.
  SourceRef from;          ///< Its place.
  os::SocketAddress host;  ///< Where this host listens for it.
  std::uint16_t port = 0;  ///< In the sandbox.
};

class Inspection;
class Tls;
struct Secret;

struct Settings {
  const policy::NetworkRules* rules = nullptr;  ///< Outlives Serve.
  Limits limits;
  Observer* observer = nullptr;         ///< May be none.
  std::function<void()> on_ready = {};  ///< Called once, when every entrance is watched.
  /// Name servers as "address" or "address:port" with commas; "" takes those of resolv.conf(5).
  std::string name_servers;
  bool require_sni_match = false;  ///< R7.5
  bool clients_are_named = false;  ///< The broker says which program each client is of.
  bool own_network = false;   ///< The listeners are in our own network: never dial them (A-53).
  ParentProxy http_parent;    ///< For http:// requests.
  ParentProxy https_parent;   ///< For everything else.
  Tls* parent_tls = nullptr;  ///< For parents with `tls`; outlives Serve.
  std::vector<std::string>
      no_proxy;  ///< Names, ".suffixes", addresses and ranges to dial directly.
  std::vector<Published> published;
  /// What it takes to look into TLS; outlives Serve. Without it, what would have to be looked into
  /// is refused.
  Inspection* inspection = nullptr;
  /// What hooks and credentials put into requests, in the order of rules->http().secrets();
  /// outlives Serve. May be none where the rules name none.
  const std::vector<Secret>* secrets = nullptr;
  bool parent_resolves = false;  ///< resolve = "remote": no look-up, no check of addresses.

  /// Whether parent_tls is needed.
  [[nodiscard]] bool HasTlsParent() const { return http_parent.tls || https_parent.tls; }
};

/// Serves until `stop_fd` can be read or is hung up (-1: never), or until nothing can work any
/// more. Takes the whole process: raises its limit of open files.
Result<> Serve(Entrances entrances, const Settings& settings, int stop_fd);

}  // namespace ambit::proxy
