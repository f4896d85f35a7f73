// A request head is read the same in one piece and byte by byte, and what is accepted can be sent
// on: every part of it lies within the bytes and holds nothing that would end a line.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "proxy/buffer.h"
#include "proxy/http_rewrite.h"
#include "proxy/request_head.h"

namespace {

using namespace ambit;
using namespace ambit::proxy;

void Require(bool condition) {
  if (!condition) std::abort();
}

void CheckSentOn(const RequestHead& head) {
  const Result<policy::Destination> to = policy::ParseDestination(head.host, head.port);
  if (!to) return;
  Buffer out;
  RewriteRequest(head, *to, 80, nullptr, out);
  std::size_t scanned = 0;
  const HeadEnd end = FindHeadEnd(out.view(), scanned);
  // Exactly one head: nothing a client writes makes a second one.
  Require(!end.error && end.size == out.size());
  RequestHead again;
  const auto error = ParseRequestHead(out.view(), HeadLimits{1U << 20, 1U << 20, 200}, again);
  if (head.IsConnect()) return;
  Require(!error && again.framing == head.framing && again.method == head.method);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  std::size_t scanned = 0;
  const HeadEnd whole = FindHeadEnd(bytes, scanned);
  std::size_t slowly = 0;
  HeadEnd pieces;
  for (std::size_t i = 0; i <= size && pieces.size == 0 && !pieces.error; ++i) {
    pieces = FindHeadEnd(bytes.substr(0, i), slowly);
  }
  Require(pieces.size == whole.size && pieces.error.has_value() == whole.error.has_value());
  static_cast<void>(CheckPartialHead(bytes, HeadLimits{}));
  if (whole.size == 0) return 0;
  RequestHead head;
  if (ParseRequestHead(bytes.substr(0, whole.size), HeadLimits{}, head)) return 0;
  Require(!head.method.empty() && !head.host.empty() && head.port != 0);
  CheckSentOn(head);
  return 0;
}
