// SOCKS5 messages: a shorter beginning of a complete message is incomplete, and what is accepted
// has a host without blanks or control characters.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "proxy/socks5.h"

namespace {

using namespace ambit::proxy::socks5;

void Require(bool condition) {
  if (!condition) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const Greeting greeting = ParseGreeting(bytes);
  Require(greeting.size <= size);
  const Request request = ParseRequest(bytes);
  Require(request.size <= size);
  if (request.state != State::kDone) return 0;
  Require(!request.host.empty() && request.host.size() <= 255);
  for (const char c : request.host) Require(c > 0x20 && c < 0x7f);
  for (std::size_t i = 0; i < request.size; ++i) {
    Require(ParseRequest(bytes.substr(0, i)).state == State::kMore);
  }
  return 0;
}
