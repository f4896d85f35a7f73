#include "proxy/client_hello.h"

#include <optional>

namespace ambit::proxy {
namespace {

using State = ClientHello::State;

/// Takes big-endian numbers and counted vectors off a text. After the first lack it fails for good.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}

  std::size_t Number(std::size_t width) {
    std::size_t value = 0;
    for (const char c : Take(width)) value = value << 8 | static_cast<unsigned char>(c);
    return value;
  }
  std::string_view Take(std::size_t size) {
    if (size > bytes_.size()) {
      failed_ = true;
      bytes_ = {};
      return {};
    }
    const std::string_view taken = bytes_.substr(0, size);
    bytes_.remove_prefix(size);
    return taken;
  }
  /// A vector whose length comes first, in `width` bytes.
  std::string_view Vector(std::size_t width) { return Take(Number(width)); }

  [[nodiscard]] bool failed() const { return failed_; }
  [[nodiscard]] bool empty() const { return bytes_.empty(); }

 private:
  std::string_view bytes_;
  bool failed_ = false;
};

constexpr std::size_t kHandshakeRecord = 22, kLongestRecord = 1UL << 14;
constexpr std::size_t kClientHelloMessage = 1, kMessageHeader = 4;
constexpr std::size_t kServerName = 0, kEncryptedClientHello = 0xfe0d;

/// The content of the handshake records at the start, put together.
State Unwrap(std::string_view bytes, std::string& message) {
  while (!bytes.empty()) {
    if (static_cast<unsigned char>(bytes[0]) != kHandshakeRecord) return State::kNotTls;
    if (bytes.size() >= 2 && bytes[1] != 3) return State::kNotTls;
    if (bytes.size() < 5) return State::kMore;
    Reader header(bytes.substr(3, 2));
    const std::size_t length = header.Number(2);
    if (length == 0 || length > kLongestRecord) return State::kNotTls;
    message += bytes.substr(5, length);
    if (message.size() >= kMessageHeader) {
      Reader start(message);
      if (start.Number(1) != kClientHelloMessage) return State::kNotTls;
      const std::size_t size = kMessageHeader + start.Number(3);
      if (size > kLongestClientHello) return State::kNotTls;
      if (message.size() >= size) {
        // Nothing but the hello comes before the server answers.
        return message.size() == size && bytes.size() == 5 + length ? State::kDone : State::kNotTls;
      }
    }
    if (bytes.size() < 5 + length) return State::kMore;
    bytes.remove_prefix(5 + length);
  }
  return State::kMore;
}

/// The only host_name of a server_name extension. Nothing when it is malformed.
std::optional<std::string_view> HostName(std::string_view extension) {
  Reader outer(extension);
  Reader list(outer.Vector(2));
  if (outer.failed() || !outer.empty() || list.empty()) return std::nullopt;
  const bool is_host = list.Number(1) == 0;
  const std::string_view name = list.Vector(2);
  if (list.failed() || !list.empty() || !is_host || name.empty()) return std::nullopt;
  return name;
}

bool ReadExtensions(std::string_view extensions, ClientHello& hello) {
  bool named = false;
  Reader reader(extensions);
  while (!reader.empty()) {
    const std::size_t type = reader.Number(2);
    const std::string_view body = reader.Vector(2);
    if (reader.failed()) return false;
    if (type == kEncryptedClientHello) hello.encrypted = true;
    if (type != kServerName) continue;
    const std::optional<std::string_view> name = HostName(body);
    if (!name || named) return false;
    named = true;
    hello.server_name = *name;
  }
  return true;
}

bool ReadHello(std::string_view message, ClientHello& hello) {
  Reader outer(message);
  outer.Take(1);
  Reader body(outer.Vector(3));
  body.Take(2 + 32);  // legacy_version, random
  const std::size_t session = body.Vector(1).size();
  const std::size_t suites = body.Vector(2).size();
  const std::size_t compressions = body.Vector(1).size();
  if (body.failed() || session > 32 || suites < 2 || suites % 2 != 0 || compressions == 0) {
    return false;
  }
  if (body.empty()) return true;  // without extensions, TLS 1.2 and before
  const std::string_view extensions = body.Vector(2);
  return !body.failed() && body.empty() && ReadExtensions(extensions, hello);
}

}  // namespace

ClientHello ParseClientHello(std::string_view bytes) {
  ClientHello hello;
  std::string message;
  hello.state = Unwrap(bytes, message);
  if (hello.state == State::kMore && bytes.size() > kLongestClientHello) {
    hello.state = State::kNotTls;
  }
  if (hello.state != State::kDone) return hello;
  if (!ReadHello(message, hello)) return ClientHello{State::kNotTls, {}, false};
  return hello;
}

}  // namespace ambit::proxy
