#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "policy/destination.h"
#include "proxy/certificate_authority.h"
#include "proxy/stream.h"

/// TLS 1.2 and 1.3 over the loop's connections: no renegotiation, no compression, no resumption,
/// nothing kept on disk.
namespace ambit::proxy {

/// One TLS connection, over a socket that belongs to the Stream it is put on, or over a layer that
/// is on that already.
class TlsLayer final : public StreamLayer {
 public:
  enum class State : std::uint8_t {
    kMore,  ///< To be continued when the socket can be read or written.
    kDone,
    kFailed,  ///< `problem` says why; an alert has been sent if there is one.
  };
  ~TlsLayer() override;

  /// Goes on with the handshake.
  State Handshake();
  [[nodiscard]] const std::string& problem() const { return problem_; }
  /// Whether HTTP/2 has been agreed upon; else HTTP/1.1 is spoken.
  [[nodiscard]] bool is_http2() const;

  std::ptrdiff_t Receive(void* out, std::size_t size) override;
  std::ptrdiff_t Send(std::string_view bytes) override;
  [[nodiscard]] bool HasMore() const override;
  /// Tells the other end that no more will come (close_notify).
  void ShutdownWriting() override;

 private:
  friend class Tls;
  struct Socket;
  struct Session;
  TlsLayer(int fd, std::string_view early, std::unique_ptr<StreamLayer> below);
  std::ptrdiff_t Answer(int result);

  std::unique_ptr<Socket> socket_;
  std::unique_ptr<Session> session_;
  std::string problem_;
};

/// How TLS is spoken with clients and with origins.
class Tls {
 public:
  /// `roots`: the certificates (PEM) by which origins are known; they are read when the first
  /// origin is spoken to. `http2`: offered to clients.
  static Result<std::unique_ptr<Tls>> Make(std::string roots, bool http2);
  Tls(const Tls&) = delete;
  Tls& operator=(const Tls&) = delete;
  ~Tls();

  /// The server's end, for a client whose first bytes, `early`, have been read already.
  Result<std::unique_ptr<TlsLayer>> Accept(int fd, std::string_view early,
                                           const LeafCertificate& leaf);
  /// The client's end: the origin has to show a certificate for the host of `to`. `below`, when
  /// there is one, is what the socket's bytes go through.
  Result<std::unique_ptr<TlsLayer>> Connect(int fd, const policy::Destination& to,
                                            std::unique_ptr<StreamLayer> below = nullptr);

 private:
  struct Contexts;
  Tls();

  std::unique_ptr<Contexts> contexts_;
  std::string roots_;
};

}  // namespace ambit::proxy
