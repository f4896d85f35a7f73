#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "os/unique_fd.h"

/// The proxy of a run: a process beside the sandbox, with the host's network. It is started with
/// the sandbox and ends with it, and the sandbox ends when it does.
namespace ambit::run {

/// The sandbox's own loopback and the doors on it that lead to the proxy. The ports are free: the
/// namespace is new.
struct ProxyDoors {
  bool wanted = false;
  bool capture = false;
  /// There is no network namespace to make sockets in: the broker connects the command's sockets
  /// with some of its own and passes those on, and the ports only say which service is meant.
  bool brokered = false;
  std::uint16_t http_port = 0;
  std::uint16_t socks_port = 0;
  std::uint16_t capture_port = 0;
  /// What resolv.conf is in the view, where there is one: its canonical path.
  std::string resolver_file;
  /// A bit for each port of the host's own loopback that the rules may allow by the name localhost,
  /// and then one for each that they may allow by an address; the broker leads to the proxy what
  /// nobody in the sandbox listens to. Empty: none.
  std::vector<std::uint8_t> local_ports;
  /// Whether the proxy makes a certificate that the command is to trust; see Job::own_files.
  bool certificate = false;
  /// Whether the proxy needs sockets of the sandbox's network to connect with.
  bool publish = false;
  /// The broker tells the proxy which program each connection is of.
  bool names_clients = false;
};
/// How many it gets then: the most connections from outside at one time.
inline constexpr std::size_t kInnerSockets = 128;
inline constexpr std::size_t kPortBytes = 65536 / 8;  ///< Half the size of local_ports.

/// Sockets that were made in the sandbox's network namespace. Nobody inside holds them.
struct Entrances {
  os::UniqueFd http;   ///< Listens for HTTP proxy requests.
  os::UniqueFd socks;  ///< Listens for SOCKS5.
  // Without capture these three are missing.
  os::UniqueFd capture;  ///< Listens for connections that the broker leads here.
  os::UniqueFd dns_udp;
  os::UniqueFd dns_tcp;  ///< Listens.
  /// Sequenced packets from the broker: a CapturedMessage for each connection of `capture`, and for
  /// each of the others where clients are named. With ProxyDoors::brokered it is all there is, and
  /// the connections come with the messages. Without any of the three it is missing.
  os::UniqueFd captured;
  /// TCP sockets that are not connected, where ports are published.
  std::vector<os::UniqueFd> inner_sockets;
};

/// What a connection is for. The last two are none that is led or passed to the proxy: they only
/// tell whose the port is, of streams and of datagrams.
enum class ProxyService : std::uint32_t {
  kCaptured,
  kHttp,
  kSocks,
  kNames,
  kStreamClient,
  kDatagramClient
};

/// What the broker tells about a connection that it led to the `capture` socket: where it was meant
/// to go. Both ports in the order of the host.
struct CapturedMessage {
  std::uint16_t client_port = 0;  ///< The other end's port, as accept(2) tells it.
  std::uint16_t port = 0;
  std::uint32_t address_size = 0;  ///< 4 or 16; 0: the name localhost.
  std::uint8_t address[16] = {};   ///< In network order.
  ProxyService service = ProxyService::kCaptured;
  std::int32_t process = 0;  ///< Of the client, as the sandbox numbers it; 0: not known.
  char program[16] = {};     ///< What it calls itself, which is whatever it likes.
};

/// The line from the proxy's process to the supervisor.
class ProxyLine {
 public:
  ProxyLine(int doors, int supervisor, const ProxyDoors& wanted, os::UniqueFd captured)
      : doors_(doors),
        supervisor_(supervisor),
        capture_(wanted.capture),
        brokered_(wanted.brokered),
        publish_(wanted.publish),
        captured_(std::move(captured)) {}

  /// Before Receive, where ProxyDoors::certificate says so: the certificate (PEM), of at most
  /// kMostRecord bytes. The sandbox is not made before.
  void TellCertificate(std::string_view pem) const;
  /// Waits until the sandbox's sockets are there. Call it once.
  Result<Entrances> Receive();
  /// The proxy serves. The command does not start before.
  void SayReady() const;
  /// Passes `record`, of at most kMostRecord bytes, to Job::on_proxy_record. It waits when the
  /// supervisor is slow.
  void Tell(std::string_view record) const;
  /// Can be read when the run is over: what the proxy still has to tell it should, and return.
  [[nodiscard]] int stop_fd() const { return supervisor_; }

  static constexpr std::size_t kMostRecord = 16384;

 private:
  int doors_;
  int supervisor_;
  bool capture_;
  bool brokered_;
  bool publish_;
  os::UniqueFd captured_;
};

/// Serves until the line says stop. An error that it returns before SayReady is why the run is
/// refused.
using ProxyBody = std::function<Result<>(ProxyLine&)>;

/// The first byte of what the process writes to the supervisor.
inline constexpr unsigned char kProxyReady = 'r';
inline constexpr unsigned char kProxyFailed = 'f';       ///< With why, in words.
inline constexpr unsigned char kProxyRecord = 'd';       ///< With the record.
inline constexpr unsigned char kProxyCertificate = 'c';  ///< With the certificate.

/// The life of the proxy's process after fork(2): gives up what it does not need, runs `body`,
/// ends. `landlock_abi` as in HostFacts. `line` and its descriptors are all it keeps open.
/// `secrets`, unless it is -1, is left open for the body too.
[[noreturn]] void RunProxyProcess(const ProxyBody& body, int doors, int supervisor,
                                  os::UniqueFd captured, int secrets, const ProxyDoors& wanted,
                                  int landlock_abi, int supervisor_process);

/// In the sandbox's first process: switches the loopback on, makes the sockets and passes them out
/// through `doors`. 0 or -errno. Makes only system calls.
int OpenDoors(const ProxyDoors& wanted, int doors);

/// Three different ports that programs do not usually choose for themselves. Errors: the system has
/// no random bytes.
Result<ProxyDoors> ChooseDoors();

}  // namespace ambit::run
