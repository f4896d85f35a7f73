// A DNS query that is understood is answered with its own question, and the answer is a response
// that the parser takes for nothing else.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "proxy/dns_message.h"

namespace {

using namespace ambit::proxy;

void Require(bool condition) {
  if (!condition) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const dns::Parsed parsed = dns::ParseQuery(bytes);
  if (!parsed.query) {
    if (parsed.code == dns::Code::kOk) return 0;
    const std::string failure = dns::MakeFailure(bytes, parsed.code);
    Require(failure.size() == 12 && failure.substr(0, 2) == bytes.substr(0, 2));
    return 0;
  }
  Require(parsed.query->name.size() <= 253);
  const std::string answer =
      dns::MakeAnswer(*parsed.query, dns::Code::kOk, dns::Address{{198, 18, 0, 1}, 4}, 5, "text");
  Require(answer.substr(0, 2) == bytes.substr(0, 2));
  Require(answer.substr(12, parsed.query->question.size()) == parsed.query->question);
  const dns::Parsed again = dns::ParseQuery(answer);
  Require(!again.query && again.code == dns::Code::kOk);
  return 0;
}
