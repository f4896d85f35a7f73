#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <unordered_map>

namespace ambit::proxy {

/// The program at the other end of a connection, as far as it is known.
struct Client {
  std::int32_t process = 0;  ///< As the sandbox numbers it; 0: not known.
  std::string program;       ///< What it calls itself, which is whatever it likes; any bytes.
};

/// What the broker told of clients, until they are asked for: for each port of the sandbox's the
/// program that connected from it last. What it holds is bounded; what is lost is not known.
class Clients {
 public:
  static constexpr std::size_t kMost = 4096;
  /// How long a port of datagrams counts as its program's: as long as a resolver waits.
  static constexpr std::uint64_t kDatagramsFor = 5'000'000;

  /// `now`: in microseconds.
  void Note(bool datagrams, std::uint16_t port, Client client, std::uint64_t now);
  /// Of a stream, once: the next connection from the same port is another one.
  Client TakeStream(std::uint16_t port);
  [[nodiscard]] Client OfDatagrams(std::uint16_t port, std::uint64_t now) const;

 private:
  struct Noted {
    Client client;
    std::uint64_t at = 0;
  };
  std::unordered_map<std::uint16_t, Noted> streams_, datagrams_;
};

}  // namespace ambit::proxy
