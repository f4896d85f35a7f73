// A chunked body is read the same in one piece and byte by byte, and what is written again reads as
// the same body.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "proxy/buffer.h"
#include "proxy/chunked_body.h"
#include "proxy/http_rewrite.h"

namespace {

using namespace ambit::proxy;
using State = ChunkedBody::State;

void Require(bool condition) {
  if (!condition) std::abort();
}

struct Read {
  std::string body;
  State state = State::kMore;
  std::size_t used = 0;
};

Read ReadIn(std::string_view bytes, std::size_t piece) {
  ChunkedBody chunked;
  Read read;
  while (read.used < bytes.size()) {
    const std::string_view part = bytes.substr(read.used, piece);
    const ChunkedBody::Step step = chunked.Next(part);
    Require(step.used <= part.size() && step.data.size() <= step.used);
    Require(step.used > 0 || step.state == State::kBad);
    read.body += step.data;
    read.used += step.used;
    read.state = step.state == State::kData ? State::kMore : step.state;
    if (read.state != State::kMore) break;
  }
  return read;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const Read whole = ReadIn(bytes, std::max<std::size_t>(size, 1));
  const Read slowly = ReadIn(bytes, 1);
  Require(whole.body == slowly.body && whole.state == slowly.state);
  if (whole.state != State::kDone) return 0;
  Require(whole.used == slowly.used);
  Buffer out;
  AppendChunk(whole.body, out);
  out.Append(kLastChunk);
  const Read again = ReadIn(out.view(), out.size());
  Require(again.state == State::kDone && again.body == whole.body && again.used == out.size());
  return 0;
}
