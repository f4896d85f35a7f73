#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <string>
#include <string_view>

#include "base/http_field.h"
#include "base/ip_address.h"
#include "base/path_text.h"
#include "cli/command.h"
#include "cli/environment.h"
#include "cli/exit_status.h"
#include "cli/load.h"
#include "cli/proxy_settings.h"
#include "cli/report.h"
#include "os/relay_calls.h"
#include "proxy/response_head.h"

/// `ambit connect HOST PORT`: a tunnel through the proxy of the sandbox that it runs in, on
/// standard input and output, for programs that want a command for that, such as ssh.
namespace ambit::cli {
namespace {

constexpr int kTunnelOpen = 200;
constexpr int kForbidden = 403;

struct Answer {
  int status = 0;
  std::string reason;  ///< One line for people; may be empty.
  std::string hint;
  std::string rest;  ///< What came behind the head.
};

Result<std::uint16_t> PortOf(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (problem == std::errc() && end == text.data() + text.size() && port != 0) return port;
  return Fail(ErrorCode::kInvalidConfig,
              "'" + Printable(text) + "' is no port; give a number from 1 to 65535");
}

Result<proxy::ParentProxy> ProxyOfSandbox() {
  const Surroundings around = CurrentSurroundings();
  const std::optional<std::string> url = Lookup(around.environment, "HTTP_PROXY");
  if (url) {
    if (Result<proxy::ParentProxy> out = ParseParentProxy(*url)) return out;
  }
  return Fail(ErrorCode::kNotFound,
              "HTTP_PROXY does not name the proxy; 'ambit connect' works inside of a sandbox whose "
              "profile has a network");
}

Result<os::UniqueFd> DialProxy(const proxy::ParentProxy& to) {
  const std::optional<IpAddress> address = ParseIp(to.host);
  if (!address) {
    return Fail(ErrorCode::kInvalidConfig, "HTTP_PROXY names its host '" + Printable(to.host) +
                                               "', and has to give an address here");
  }
  os::SocketAddress where;
  const std::span<const std::uint8_t> bytes = address->bytes();
  std::ranges::copy(bytes, where.bytes.begin());
  where.size = static_cast<std::uint8_t>(bytes.size());
  where.port = to.port;
  return os::Dial(where);
}

Result<Answer> Ask(int socket, const std::string& host, std::uint16_t port,
                   const std::string& authorization) {
  const std::string authority = host.find(':') == std::string::npos
                                    ? fmt::format("{}:{}", host, port)
                                    : fmt::format("[{}]:{}", host, port);
  std::string request = fmt::format("CONNECT {0} HTTP/1.1\r\nHost: {0}\r\n", authority);
  if (!authorization.empty()) request += "Proxy-Authorization: " + authorization + "\r\n";
  AMBIT_CHECK(os::SendAll(socket, request + "\r\n"));
  std::string received;
  std::size_t scanned = 0;
  const proxy::HeadLimits limits;
  for (;;) {
    std::array<char, 4096> room;
    AMBIT_TRY(const std::size_t size, os::ReceiveSome(socket, room.data(), room.size()));
    received.append(room.data(), size);
    const proxy::HeadEnd end = proxy::FindHeadEnd(received, scanned);
    if (size == 0 || end.error || received.size() > limits.bytes) {
      return Fail(ErrorCode::kSystem, "the proxy's answer cannot be understood");
    }
    if (end.size == 0) continue;
    proxy::ResponseHead head;
    const std::string_view text = std::string_view(received).substr(0, end.size);
    if (proxy::ParseResponseHead(text, limits, head)) {
      return Fail(ErrorCode::kSystem, "the proxy's answer cannot be understood");
    }
    Answer out{.status = head.status,
               .reason = std::string(ValueOf(head.fields, "x-ambit-reason")),
               .hint = std::string(ValueOf(head.fields, "x-ambit-hint")),
               .rest = received.substr(end.size)};
    return out;
  }
}

Result<int> ConnectOrRefuse(const Options& options) {
  AMBIT_TRY(const std::uint16_t port, PortOf(options.port));
  const std::string& host = options.word;
  if (host.find_first_of("\r\n\t \"") != std::string::npos) {
    return Fail(ErrorCode::kInvalidConfig, "'" + Printable(host) + "' is no host");
  }
  AMBIT_TRY(const proxy::ParentProxy proxy, ProxyOfSandbox());
  AMBIT_TRY(const os::UniqueFd socket, DialProxy(proxy));
  AMBIT_TRY(const Answer answer, Ask(socket.get(), host, port, proxy.authorization));
  if (answer.status == kTunnelOpen) {
    AMBIT_CHECK(os::RelayStandardStreams(socket.get(), answer.rest));
    return kSuccess;
  }
  std::string message = fmt::format(
      "'{}:{}' {}", Printable(host), port,
      answer.status == kForbidden ? "is refused by the network policy" : "cannot be reached");
  message += answer.reason.empty() ? fmt::format(" (status {})", answer.status)
                                   : " (" + Printable(answer.reason) + ")";
  if (!answer.hint.empty()) message += "; this would allow it: " + Printable(answer.hint);
  Say(ErrorLine({ErrorCode::kDenied, message, 0, {}}));
  return kNegative;
}

}  // namespace

int Connect(const Options& options) {
  const Result<int> status = ConnectOrRefuse(options);
  if (status) return *status;
  Say(ErrorLine(status.error()));
  return kRefused;
}

}  // namespace ambit::cli
