// A ClientHello: no beginning of a complete one says anything but "more".
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "proxy/client_hello.h"

namespace {

using namespace ambit::proxy;

void Require(bool condition) {
  if (!condition) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const ClientHello hello = ParseClientHello(bytes);
  if (hello.state != ClientHello::State::kDone) {
    Require(hello.server_name.empty() && !hello.encrypted);
    return 0;
  }
  Require(hello.server_name.size() < size);
  // All of them would take long for long messages; the ends are where mistakes are.
  const std::size_t step = size > 512 ? size / 64 : 1;
  for (std::size_t i = 0; i < size; i += step) {
    Require(ParseClientHello(bytes.substr(0, i)).state == ClientHello::State::kMore);
  }
  return 0;
}
