// What is accepted of a response head can be sent on as exactly one head with the same framing.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "proxy/buffer.h"
#include "proxy/http_rewrite.h"
#include "proxy/response_head.h"

namespace {

using namespace ambit::proxy;

void Require(bool condition) {
  if (!condition) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  std::size_t scanned = 0;
  const HeadEnd end = FindHeadEnd(bytes, scanned);
  if (end.size == 0) return 0;
  ResponseHead head;
  if (ParseResponseHead(bytes.substr(0, end.size), HeadLimits{}, head)) return 0;
  Require(head.status >= 100 && head.status <= 999);
  const Framing framing = head.FramingFor("GET");
  Buffer out;
  RewriteResponse(head, framing, true, false, out);
  std::size_t rescanned = 0;
  const HeadEnd sent = FindHeadEnd(out.view(), rescanned);
  Require(!sent.error && sent.size == out.size());
  ResponseHead again;
  Require(!ParseResponseHead(out.view(), HeadLimits{1U << 20, 1U << 20, 200}, again));
  Require(again.status == head.status && again.FramingFor("GET") == framing);
  return 0;
}
