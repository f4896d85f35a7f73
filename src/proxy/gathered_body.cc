#include "proxy/gathered_body.h"

#include <algorithm>

namespace ambit::proxy {

void GatheredBody::Begin(Framing framing, std::uint64_t length, std::size_t most) {
  state_ = State::kMore;
  framing_ = framing;
  left_ = length;
  most_ = most;
  chunks_ = {};
  body_ = {};
}

GatheredBody::State GatheredBody::Take(Buffer& in) {
  state_ = framing_ == Framing::kLength ? TakeLength(in) : TakeChunks(in);
  return state_;
}

GatheredBody::State GatheredBody::TakeLength(Buffer& in) {
  if (body_.size() + left_ > most_) return State::kTooLong;
  const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(left_, in.size()));
  body_.Append(in.view().substr(0, size));
  in.Take(size);
  left_ -= size;
  return left_ == 0 ? State::kDone : State::kMore;
}

GatheredBody::State GatheredBody::TakeChunks(Buffer& in) {
  while (!in.empty()) {
    const ChunkedBody::Step step = chunks_.Next(in.view());
    if (step.state == ChunkedBody::State::kBad) return State::kBad;
    if (step.data.size() > most_ - body_.size()) return State::kTooLong;
    body_.Append(step.data);
    in.Take(step.used);
    if (step.state == ChunkedBody::State::kDone) {
      return chunks_.has_trailers() ? State::kTrailers : State::kDone;
    }
  }
  return State::kMore;
}

}  // namespace ambit::proxy
