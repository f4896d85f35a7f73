#include "proxy/tls.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/freed_by.h"
#include "os/tcp_calls.h"

namespace ambit::proxy {
namespace {

constexpr unsigned char kHttp1[] = "\x08http/1.1";
constexpr unsigned char kHttp2And1[] = "\x02h2\x08http/1.1";

using Context = std::unique_ptr<SSL_CTX, FreedBy<SSL_CTX_free>>;
using Method = std::unique_ptr<BIO_METHOD, FreedBy<BIO_meth_free>>;

std::unexpected<Error> Failed() { return Fail(ErrorCode::kSystem, "cannot set up TLS"); }

/// What the library has to say, without its own places.
std::string LastProblem() {
  const unsigned long code = ERR_peek_last_error();
  const char* const text = ERR_reason_error_string(code);
  return text != nullptr ? text : "the connection ends in the middle of it";
}

Context NewContext(const SSL_METHOD* method) {
  Context out(SSL_CTX_new(method));
  if (!out || SSL_CTX_set_min_proto_version(out.get(), TLS1_2_VERSION) != 1) return nullptr;
  SSL_CTX_set_options(out.get(),
                      SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_NO_TICKET);
  SSL_CTX_set_session_cache_mode(out.get(), SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(out.get(), 0);
  // What could not be sent is offered again from wherever the buffer lies by then.
  SSL_CTX_set_mode(out.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                  SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_read_ahead(out.get(), 1);
  return out;
}

/// Ours is the choice (RFC 7301 §3.2). A client that knows nothing of what we speak is told so.
int ChooseProtocol(SSL* /*session*/, const unsigned char** out, unsigned char* out_size,
                   const unsigned char* offered, unsigned int offered_size, void* http2) {
  unsigned char* chosen = nullptr;
  const unsigned char* ours = http2 != nullptr ? kHttp2And1 : kHttp1;
  const auto size =
      static_cast<unsigned int>(http2 != nullptr ? sizeof kHttp2And1 - 1 : sizeof kHttp1 - 1);
  if (SSL_select_next_proto(&chosen, out_size, ours, size, offered, offered_size) !=
      OPENSSL_NPN_NEGOTIATED) {
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  }
  *out = chosen;
  return SSL_TLSEXT_ERR_OK;
}

bool AddRoots(SSL_CTX* context, std::string_view pem) {
  constexpr std::string_view kEnd = "-----END CERTIFICATE-----";
  X509_STORE* const store = SSL_CTX_get_cert_store(context);
  std::size_t added = 0;
  for (std::size_t end = pem.find(kEnd); end != std::string_view::npos; end = pem.find(kEnd)) {
    const std::string_view one = pem.substr(0, end + kEnd.size());
    pem.remove_prefix(one.size());
    BIO* const text = BIO_new_mem_buf(one.data(), static_cast<int>(one.size()));
    X509* const certificate = PEM_read_bio_X509(text, nullptr, nullptr, nullptr);
    if (certificate != nullptr && X509_STORE_add_cert(store, certificate) == 1) ++added;
    X509_free(certificate);
    BIO_free(text);
  }
  ERR_clear_error();
  return added > 0;
}

}  // namespace

/// The library's view of the socket: it reads and writes through the same calls as everybody here,
/// and what it could not do is remembered as -errno.
struct TlsLayer::Socket {
  int fd = -1;
  std::unique_ptr<StreamLayer> below;  ///< Between us and the socket, if there is one.
  std::string early;                   ///< Read before TLS began.
  std::size_t early_used = 0;
  int error = 0;
  bool ended = false;

  static int Read(BIO* bio, char* out, std::size_t size, std::size_t* got) {
    Socket& self = *static_cast<Socket*>(BIO_get_data(bio));
    BIO_clear_retry_flags(bio);
    if (self.early_used < self.early.size()) {
      *got = std::min(size, self.early.size() - self.early_used);
      std::memcpy(out, self.early.data() + self.early_used, *got);
      self.early_used += *got;
      if (self.early_used == self.early.size()) self.early = {};
      return 1;
    }
    const std::ptrdiff_t result =
        self.below ? self.below->Receive(out, size) : os::Receive(self.fd, out, size);
    if (result > 0) {
      *got = static_cast<std::size_t>(result);
      return 1;
    }
    if (result == -EAGAIN) {
      BIO_set_retry_read(bio);
    } else if (result == 0) {
      self.ended = true;
      BIO_set_flags(bio, BIO_FLAGS_IN_EOF);
    } else {
      self.error = static_cast<int>(result);
    }
    return 0;
  }

  static int Write(BIO* bio, const char* data, std::size_t size, std::size_t* sent) {
    Socket& self = *static_cast<Socket*>(BIO_get_data(bio));
    BIO_clear_retry_flags(bio);
    const std::ptrdiff_t result =
        self.below ? self.below->Send({data, size}) : os::Send(self.fd, data, size);
    if (result >= 0) {
      *sent = static_cast<std::size_t>(result);
      return 1;
    }
    if (result == -EAGAIN) {
      BIO_set_retry_write(bio);
    } else {
      self.error = static_cast<int>(result);
    }
    return 0;
  }

  static long Control(BIO* bio, int command, long /*number*/, void* /*pointer*/) {
    if (command == BIO_CTRL_FLUSH || command == BIO_CTRL_DUP) return 1;
    if (command == BIO_CTRL_EOF) return static_cast<Socket*>(BIO_get_data(bio))->ended ? 1 : 0;
    return 0;
  }

  static BIO_METHOD* TheMethod() {
    static const Method method = [] {
      Method out(BIO_meth_new(BIO_TYPE_SOURCE_SINK | BIO_get_new_index(), "ambit"));
      if (out) {
        BIO_meth_set_read_ex(out.get(), Read);
        BIO_meth_set_write_ex(out.get(), Write);
        BIO_meth_set_ctrl(out.get(), Control);
      }
      return out;
    }();
    return method.get();
  }
};

struct TlsLayer::Session {
  std::unique_ptr<SSL, FreedBy<SSL_free>> ssl;
};

struct Tls::Contexts {
  Context server, client;
  bool roots_read = false;

  /// Puts a new connection of `context` onto the socket.
  static bool Open(SSL_CTX* context, TlsLayer& layer) {
    layer.session_->ssl.reset(SSL_new(context));
    BIO* const bio = BIO_new(TlsLayer::Socket::TheMethod());
    if (!layer.session_->ssl || bio == nullptr) {
      BIO_free(bio);
      return false;
    }
    BIO_set_data(bio, layer.socket_.get());
    BIO_set_init(bio, 1);
    SSL_set_bio(layer.session_->ssl.get(), bio, bio);
    return true;
  }
};

TlsLayer::TlsLayer(int fd, std::string_view early, std::unique_ptr<StreamLayer> below)
    : socket_(std::make_unique<Socket>()), session_(std::make_unique<Session>()) {
  socket_->fd = fd;
  socket_->early = early;
  socket_->below = std::move(below);
}

TlsLayer::~TlsLayer() = default;

TlsLayer::State TlsLayer::Handshake() {
  SSL* const ssl = session_->ssl.get();
  ERR_clear_error();
  const int result = SSL_do_handshake(ssl);
  if (result == 1) return State::kDone;
  const int why = SSL_get_error(ssl, result);
  if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE) return State::kMore;
  const long verified = SSL_get_verify_result(ssl);
  if (verified != X509_V_OK) {
    problem_ = X509_verify_cert_error_string(verified);
  } else if (socket_->error != 0) {
    problem_ = std::strerror(-socket_->error);
  } else {
    problem_ = LastProblem();
  }
  ERR_clear_error();
  return State::kFailed;
}

bool TlsLayer::is_http2() const {
  const unsigned char* name = nullptr;
  unsigned int size = 0;
  SSL_get0_alpn_selected(session_->ssl.get(), &name, &size);
  return std::string_view(reinterpret_cast<const char*>(name), size) == "h2";
}

/// What a read or a write that did nothing comes to for a Stream.
std::ptrdiff_t TlsLayer::Answer(int result) {
  switch (SSL_get_error(session_->ssl.get(), result)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
      return -EAGAIN;
    case SSL_ERROR_ZERO_RETURN:
      return 0;
    default:
      // An end without close_notify is an attack or a fault, never the end of a message.
      ERR_clear_error();
      return socket_->error != 0 ? socket_->error : -EPROTO;
  }
}

std::ptrdiff_t TlsLayer::Receive(void* out, std::size_t size) {
  std::size_t got = 0;
  ERR_clear_error();
  const int result = SSL_read_ex(session_->ssl.get(), out, size, &got);
  return result == 1 ? static_cast<std::ptrdiff_t>(got) : Answer(result);
}

std::ptrdiff_t TlsLayer::Send(std::string_view bytes) {
  std::size_t all = 0;
  ERR_clear_error();
  // One record after the other, so that less than everything means that the socket is full.
  while (all < bytes.size()) {
    std::size_t sent = 0;
    const std::string_view rest = bytes.substr(all);
    const int result = SSL_write_ex(session_->ssl.get(), rest.data(), rest.size(), &sent);
    if (result != 1) {
      const std::ptrdiff_t answer = Answer(result);
      if (answer == -EAGAIN && all > 0) break;
      return answer == 0 ? -EPIPE : answer;
    }
    all += sent;
  }
  return static_cast<std::ptrdiff_t>(all);
}

bool TlsLayer::HasMore() const {
  const bool below = socket_->below && socket_->below->HasMore();
  return below || SSL_has_pending(session_->ssl.get()) == 1;
}

void TlsLayer::ShutdownWriting() {
  ERR_clear_error();
  if (SSL_is_init_finished(session_->ssl.get()) == 1) SSL_shutdown(session_->ssl.get());
  ERR_clear_error();
  if (socket_->below) socket_->below->ShutdownWriting();
}

Tls::Tls() : contexts_(std::make_unique<Contexts>()) {}

Tls::~Tls() = default;

Result<std::unique_ptr<Tls>> Tls::Make(std::string roots, bool http2) {
  // No file and no variable of the user's may change what the library does here.
  OPENSSL_init_ssl(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_ATEXIT, nullptr);
  std::unique_ptr<Tls> out(new Tls);
  out->roots_ = std::move(roots);
  Contexts& contexts = *out->contexts_;
  contexts.server = NewContext(TLS_server_method());
  contexts.client = NewContext(TLS_client_method());
  if (!contexts.server || !contexts.client || TlsLayer::Socket::TheMethod() == nullptr) {
    return Failed();
  }
  SSL_CTX_set_alpn_select_cb(contexts.server.get(), ChooseProtocol, http2 ? out.get() : nullptr);
  SSL_CTX* const client = contexts.client.get();
  SSL_CTX_set_verify(client, SSL_VERIFY_PEER, nullptr);
  if (SSL_CTX_set_alpn_protos(client, kHttp1, sizeof kHttp1 - 1) != 0) return Failed();
  return out;
}

Result<std::unique_ptr<TlsLayer>> Tls::Accept(int fd, std::string_view early,
                                              const LeafCertificate& leaf) {
  std::unique_ptr<TlsLayer> out(new TlsLayer(fd, early, nullptr));
  if (!Contexts::Open(contexts_->server.get(), *out)) return Failed();
  SSL* const ssl = out->session_->ssl.get();
  const auto* const certificate = reinterpret_cast<const unsigned char*>(leaf.certificate.data());
  const auto* const key = reinterpret_cast<const unsigned char*>(leaf.key.data());
  const bool set =
      SSL_use_certificate_ASN1(ssl, certificate, static_cast<int>(leaf.certificate.size())) == 1 &&
      SSL_use_PrivateKey_ASN1(EVP_PKEY_EC, ssl, key, static_cast<long>(leaf.key.size())) == 1;
  if (!set) return Failed();
  SSL_set_accept_state(ssl);
  return out;
}

Result<std::unique_ptr<TlsLayer>> Tls::Connect(int fd, const policy::Destination& to,
                                               std::unique_ptr<StreamLayer> below) {
  if (!std::exchange(contexts_->roots_read, true)) AddRoots(contexts_->client.get(), roots_);
  std::unique_ptr<TlsLayer> out(new TlsLayer(fd, {}, std::move(below)));
  if (!Contexts::Open(contexts_->client.get(), *out)) return Failed();
  SSL* const ssl = out->session_->ssl.get();
  X509_VERIFY_PARAM* const wanted = SSL_get0_param(ssl);
  bool set = false;
  if (const IpAddress* const address = to.address()) {
    const auto bytes = address->bytes();
    set = X509_VERIFY_PARAM_set1_ip(wanted, bytes.data(), bytes.size()) == 1;
  } else {
    set = X509_VERIFY_PARAM_set1_host(wanted, to.name()->data(), to.name()->size()) == 1 &&
          SSL_set_tlsext_host_name(ssl, to.name()->c_str()) == 1;
  }
  // Without the name the certificate would be anybody's.
  if (!set) return Failed();
  SSL_set_connect_state(ssl);
  return out;
}

}  // namespace ambit::proxy
