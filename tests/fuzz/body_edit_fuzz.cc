// A request's body is gathered the same in one piece and in pieces, and never more of it than is
// permitted. Every placeholder in it is replaced and nothing else, as a slow and obvious
// replacement does it; what comes out is as long as it was said to be.
//
// The first octet: bit 0, whether the body is chunked; the rest, how long a piece is. The second
// and third: the most that is permitted, and the length that the request says. Then comes the body.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "proxy/body_edit.h"
#include "proxy/gathered_body.h"

namespace {

using namespace ambit::proxy;
using State = GatheredBody::State;

void Require(bool condition) {
  if (!condition) std::abort();
}

struct Gathered {
  State state = State::kMore;
  std::string body, rest;
};

Gathered Gather(Framing framing, std::size_t length, std::size_t most, std::string_view bytes,
                std::size_t piece) {
  GatheredBody body;
  body.Begin(framing, length, most);
  Buffer in;
  State state = body.Take(in);
  while (state == State::kMore && !bytes.empty()) {
    in.Append(bytes.substr(0, piece));
    bytes.remove_prefix(std::min(piece, bytes.size()));
    state = body.Take(in);
    Require(state == body.state() && body.view().size() <= most);
    Require(state != State::kMore || in.empty());
  }
  return {state, std::string(body.view()), std::string(in.view()) + std::string(bytes)};
}

std::string Slowly(std::string_view text, const ambit::policy::BodyEdit& edit,
                   const Secrets& secrets) {
  std::string out;
  while (!text.empty()) {
    const auto found = std::ranges::find_if(
        edit.placeholders, [text](const auto& one) { return text.starts_with(one.text); });
    if (found == edit.placeholders.end()) {
      out += text.front();
      text.remove_prefix(1);
    } else {
      out += secrets[found->secret].real.view();
      text.remove_prefix(found->text.size());
    }
  }
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 3) return 0;
  const Framing framing = (data[0] & 1) != 0 ? Framing::kChunked : Framing::kLength;
  const std::size_t piece = (data[0] >> 1U) + 1U;
  const std::size_t most = std::size_t{data[1]} * 4;
  const std::size_t length = data[2];
  const std::string_view bytes(reinterpret_cast<const char*>(data + 3), size - 3);

  const Gathered whole = Gather(framing, length, most, bytes, bytes.size() + 1);
  for (const std::size_t part : {piece, std::size_t{1}}) {
    const Gathered again = Gather(framing, length, most, bytes, part);
    Require(again.state == whole.state);
    if (whole.state != State::kDone) continue;
    Require(again.body == whole.body && again.rest == whole.rest);
  }
  if (whole.state != State::kDone) return 0;
  Require(framing != Framing::kLength || whole.body.size() == length);

  ambit::policy::BodyEdit edit;
  edit.placeholders = {{"PLACE-HOLDER-001", 0}, {"place-holder-002", 1}, {"QQQQQQQQQQQQQQQQ", 2}};
  edit.max_bytes = most;
  Secrets secrets;
  for (const std::string_view real :
       {"s", "a-secret-that-is-longer-than-its-placeholder", "PLACE"}) {
    secrets.push_back({ambit::SecretText(real), ""});
  }
  std::string out;
  const bool fits = PutSecretsIn(edit, secrets, whole.body, out);
  const std::string expected = Slowly(whole.body, edit, secrets);
  Require(fits == (expected.size() <= most) && out == (fits ? expected : ""));
  return 0;
}
