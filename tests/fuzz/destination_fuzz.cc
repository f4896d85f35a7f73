// Whatever a client asks for: what is accepted is canonical, so that it reads the same again, and
// carries nothing that a header, a resolver or a record could take for something else.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "policy/destination.h"

namespace {

void Require(bool holds) {
  if (!holds) std::abort();
}

bool IsPlain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ambit;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto to = policy::ParseDestination(text, 443);
  if (!to) {
    Require(to.error().message.find('\n') == std::string::npos);
    return 0;
  }
  const std::string host = to->HostText();
  if (const std::string* const name = to->name()) {
    Require(!name->empty() && name->size() <= 253 && std::ranges::all_of(*name, IsPlain));
    const auto again = policy::ParseDestination(host, 443);
    Require(again && *again == *to);
  } else {
    Require(ParseIp(host) == *to->address());
  }
  return 0;
}
