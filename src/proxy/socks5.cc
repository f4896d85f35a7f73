#include "proxy/socks5.h"

#include <fmt/format.h>

#include <algorithm>

#include "policy/destination.h"

namespace ambit::proxy::socks5 {
namespace {

constexpr char kVersion = 5;

unsigned Byte(std::string_view bytes, std::size_t at) {
  return static_cast<unsigned char>(bytes[at]);
}

std::string Ipv4Text(std::string_view bytes) {
  return fmt::format("{}.{}.{}.{}", Byte(bytes, 0), Byte(bytes, 1), Byte(bytes, 2), Byte(bytes, 3));
}

/// All eight groups in full; what reads it makes it canonical.
std::string Ipv6Text(std::string_view bytes) {
  std::string text = "[";
  for (std::size_t i = 0; i < 16; i += 2) {
    text += fmt::format("{}{:x}", i == 0 ? "" : ":", Byte(bytes, i) << 8 | Byte(bytes, i + 1));
  }
  return text + "]";
}

bool IsName(std::string_view name) {
  return !name.empty() && name.size() <= policy::kMostNameOctets &&
         std::ranges::all_of(name, [](char c) {
           const auto byte = static_cast<unsigned char>(c);
           return byte > 0x20 && byte < 0x7f && c != ':' && c != '/' && c != '@' && c != '[' &&
                  c != ']' && c != '%' && c != '\\' && c != '?' && c != '#';
         });
}

Request Answer(Reply reply) {
  Request request;
  request.state = State::kReply;
  request.reply = reply;
  return request;
}

Request Close() {
  Request request;
  request.state = State::kClose;
  return request;
}

}  // namespace

Greeting ParseGreeting(std::string_view bytes) {
  Greeting greeting;
  if (bytes.empty()) return greeting;
  if (bytes[0] != kVersion) return {State::kClose, 0, false};
  if (bytes.size() < 2) return greeting;
  const std::size_t size = 2 + Byte(bytes, 1);
  if (bytes.size() < size) return greeting;
  const bool offered = bytes.substr(2, size - 2).find('\0') != std::string_view::npos;
  return {State::kDone, size, offered};
}

Request ParseRequest(std::string_view bytes) {
  constexpr unsigned kConnect = 1, kIpv4 = 1, kName = 3, kIpv6 = 4;
  if (!bytes.empty() && bytes[0] != kVersion) return Close();
  if (bytes.size() < 5) return {};
  if (bytes[2] != 0) return Close();
  const unsigned type = Byte(bytes, 3);
  std::size_t from = 4, length = 0;
  if (type == kIpv4) {
    length = 4;
  } else if (type == kIpv6) {
    length = 16;
  } else if (type == kName) {
    from = 5;
    length = Byte(bytes, 4);
  } else {
    return Answer(Reply::kAddressUnsupported);
  }
  if (bytes.size() < from + length + 2) return {};
  if (Byte(bytes, 1) != kConnect) return Answer(Reply::kCommandUnsupported);
  Request request;
  request.state = State::kDone;
  request.size = from + length + 2;
  const std::string_view host = bytes.substr(from, length);
  if (type == kName && !IsName(host)) return Close();
  request.host = type == kIpv4   ? Ipv4Text(host)
                 : type == kIpv6 ? Ipv6Text(host)
                                 : std::string(host);
  request.port =
      static_cast<std::uint16_t>(Byte(bytes, from + length) << 8 | Byte(bytes, from + length + 1));
  return request;
}

std::string MakeReply(Reply reply, std::string_view address, std::uint16_t port) {
  std::string bytes = {kVersion, static_cast<char>(reply), 0};
  if (address.size() == 16) {
    bytes += '\4';
    bytes += address;
  } else {
    bytes += '\1';
    bytes += address.size() == 4 ? address : std::string_view("\0\0\0\0", 4);
  }
  bytes += static_cast<char>(port >> 8);
  bytes += static_cast<char>(port & 0xff);
  return bytes;
}

}  // namespace ambit::proxy::socks5
