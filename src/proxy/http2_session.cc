#include "proxy/http2_session.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "os/tcp_calls.h"
#include "proxy/http2_rewrite.h"
#include "proxy/http_rewrite.h"
#include "proxy/intercepted_session.h"

namespace ambit::proxy {
namespace {

constexpr std::size_t kMostWaiting = 64UL << 10;
/// How often it goes round before others have their turn.
constexpr int kTurns = 32;

}  // namespace

Http2Session::Http2Session(Context& context, std::uint16_t client_port,
                           const policy::Destination& to, bool misdirected)
    : Session(context, client_port), misdirected_(misdirected) {
  to_ = to;
}

void Http2Session::OnBegin() {
  Result<std::unique_ptr<Http2Connection>> made = Http2Connection::Make(*this);
  if (!made) return End(true);
  connection_ = *std::move(made);
  OnProgress();
}

void Http2Session::OnTimeout() {
  if (again_) return OnProgress();
  connection_->GoAway();
  connection_->TakeOutput(out_, kMostWaiting);
  Farewell();
}

void Http2Session::SetTimer() {
  const bool idle = std::ranges::all_of(lanes_, [](const auto& lane) { return lane->id == 0; });
  const Limits& limits = context_.settings.limits;
  timer_.SetMs(again_ ? 0 : idle ? limits.keep_alive_ms : limits.idle_ms);
}

void Http2Session::OnProgress() {
  if (running_) return;
  running_ = true;
  again_ = true;
  for (int turn = 0; again_ && turn < kTurns; ++turn) {
    again_ = Listen();
    for (const auto& lane : lanes_) again_ = PumpLane(*lane) || again_;
    again_ = Speak() || again_;
    std::erase_if(lanes_, [](const auto& lane) { return !lane->inner && lane->id == 0; });
  }
  running_ = false;
  if (client_->broken()) return End();
  const bool over = closing_ || client_->ended() || connection_->is_over();
  if (over && out_.empty() && !again_) return Farewell();
  SetTimer();
}

bool Http2Session::Listen() {
  // Who does not take answers gets no more questions in.
  if (closing_ || out_.size() >= kMostWaiting) return false;
  if (client_->ReceiveInto(in_, Buffer::kPiece) == 0) return false;
  closing_ = !connection_->Receive(in_.view(), context_.loop.now());
  in_.Clear();
  return true;
}

bool Http2Session::Speak() {
  connection_->TakeOutput(out_, kMostWaiting);
  const std::size_t before = out_.size();
  client_->Flush(out_);
  return out_.size() != before;
}

Http2Session::Lane* Http2Session::LaneOf(StreamId id) {
  const auto found =
      std::ranges::find_if(lanes_, [id](const auto& lane) { return lane->id == id; });
  return found == lanes_.end() ? nullptr : found->get();
}

Http2Session::Lane* Http2Session::FreeLane() {
  for (const auto& lane : lanes_) {
    if (lane->id != 0 || !lane->inner) continue;
    if (lane->inner->IsIdle()) return lane.get();
    Drop(*lane);
  }
  return NewLane();
}

Http2Session::Lane* Http2Session::NewLane() {
  if (context_.sessions.size() >= context_.settings.limits.connections) return nullptr;
  Result<os::SocketPair> pair = os::MakeSocketPair();
  if (!pair) return nullptr;
  auto lane = std::make_unique<Lane>();
  lane->inner = Stream::Make(context_.loop, std::move(pair->first), *this);
  if (!lane->inner) return nullptr;
  auto inside = std::make_unique<InterceptedSession>(context_, client_port(), to_, misdirected_);
  if (!BeginBeside(std::move(inside), std::move(pair->second))) return nullptr;
  lanes_.push_back(std::move(lane));
  return lanes_.back().get();
}

void Http2Session::Drop(Lane& lane) {
  if (!lane.inner) return;
  lane.inner->set_user(nullptr);
  context_.loop.Bury(std::move(lane.inner));
}

void Http2Session::OnRequest(StreamId id, Http2Request request, bool ended) {
  Lane* const lane = FreeLane();
  if (lane == nullptr) return connection_->Reset(id, true);
  const bool has_length = std::ranges::any_of(
      request.fields, [](const auto& field) { return field.first == "content-length"; });
  std::unique_ptr<Stream> inner = std::move(lane->inner);
  *lane = Lane{};
  lane->inner = std::move(inner);
  lane->id = id;
  lane->method = request.method;
  lane->chunked = !ended && !has_length;
  lane->request_done = ended;
  RewriteAsHttp1(request, lane->chunked, lane->to_inner);
}

void Http2Session::OnData(StreamId id, std::string_view piece) {
  Lane* const lane = LaneOf(id);
  if (lane == nullptr || !lane->inner) return connection_->Consumed(id, piece.size());
  if (lane->chunked) {
    AppendChunk(piece, lane->to_inner);
  } else {
    lane->to_inner.Append(piece);
  }
  lane->unconsumed += piece.size();
}

void Http2Session::OnRequestEnd(StreamId id) {
  Lane* const lane = LaneOf(id);
  if (lane == nullptr || lane->request_done) return;
  lane->request_done = true;
  if (lane->chunked) lane->to_inner.Append(kLastChunk);
}

void Http2Session::OnClosed(StreamId id) {
  Lane* const lane = LaneOf(id);
  if (lane == nullptr) return;
  connection_->ConsumedByNobody(lane->unconsumed);
  const bool reusable = lane->done && lane->request_done && lane->to_inner.empty() &&
                        lane->from_inner.empty() && !lane->last;
  if (!reusable) Drop(*lane);
  lane->id = 0;
}

bool Http2Session::PumpLane(Lane& lane) {
  if (lane.id == 0 || !lane.inner) return false;
  const std::size_t before = lane.to_inner.size();
  const bool sent = lane.inner->Flush(lane.to_inner);
  bool moved = before != lane.to_inner.size();
  if (sent && lane.unconsumed > 0)
    connection_->Consumed(lane.id, std::exchange(lane.unconsumed, 0));
  if (!lane.done) moved = (lane.answered ? ReadAnswerBody(lane) : ReadAnswer(lane)) || moved;
  const bool ended = lane.inner && (lane.inner->ended() || lane.inner->broken());
  if (ended && !moved && !lane.done && lane.body.size() < kMostWaiting) {
    connection_->Reset(lane.id, false);
    Drop(lane);
    return true;
  }
  return moved;
}

bool Http2Session::ReadAnswer(Lane& lane) {
  const HeadEnd end = FindHeadEnd(lane.from_inner.view(), lane.scanned);
  if (!end.error && end.size > 0) {
    AcceptAnswer(lane, end.size);
    return true;
  }
  const std::size_t most = context_.settings.limits.head.bytes + kMostWaiting;
  if (end.error || lane.from_inner.size() >= most) {
    connection_->Reset(lane.id, false);
    Drop(lane);
    return true;
  }
  return lane.inner->ReceiveInto(lane.from_inner, Buffer::kPiece) > 0;
}

void Http2Session::AcceptAnswer(Lane& lane, std::size_t head_size) {
  HeadLimits limits = context_.settings.limits.head;
  limits.fields += 8;  // ours
  limits.bytes += kMostWaiting;
  lane.scanned = 0;
  const auto error =
      ParseResponseHead(lane.from_inner.view().substr(0, head_size), limits, lane.head);
  if (error) {
    connection_->Reset(lane.id, false);
    return Drop(lane);
  }
  const auto fields = ToHttp2Fields(lane.head.fields);
  if (lane.head.IsInterim()) {
    connection_->RespondInterim(lane.id, lane.head.status, fields);
    return lane.from_inner.Take(head_size);
  }
  lane.answered = true;
  lane.last = !lane.head.KeepsAlive();
  lane.framing = lane.head.FramingFor(lane.method);
  lane.left = lane.framing == Framing::kLength ? *lane.head.summary.content_length : 0;
  lane.done =
      lane.framing == Framing::kNone || (lane.framing == Framing::kLength && lane.left == 0);
  connection_->Respond(lane.id, lane.head.status, fields, !lane.done);
  lane.from_inner.Take(head_size);
}

bool Http2Session::ReadAnswerBody(Lane& lane) {
  if (lane.body.size() >= kMostWaiting) return false;
  if (lane.from_inner.empty()) lane.inner->ReceiveInto(lane.from_inner, Buffer::kPiece);
  if (lane.from_inner.empty()) return false;
  std::string_view piece = lane.from_inner.view();
  std::size_t used = piece.size();
  bool bad = lane.framing == Framing::kUntilClose;  // never made here: its end could be a cut
  if (lane.framing == Framing::kLength) {
    piece = piece.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(used, lane.left)));
    used = piece.size();
    lane.left -= used;
    lane.done = lane.left == 0;
  } else {
    const ChunkedBody::Step step = lane.chunks.Next(piece);
    bad = bad || step.state == ChunkedBody::State::kBad;
    piece = step.data;
    used = step.used;
    lane.done = step.state == ChunkedBody::State::kDone;
  }
  if (bad) {
    connection_->Reset(lane.id, false);
    Drop(lane);
    return true;
  }
  lane.body.Append(piece);
  lane.from_inner.Take(used);
  if (!lane.body.empty() || lane.done) connection_->Resume(lane.id);
  return true;
}

std::size_t Http2Session::ReadBody(StreamId id, std::span<char> room, bool& end) {
  Lane* const lane = LaneOf(id);
  if (lane == nullptr) return 0;
  const std::size_t size = std::min(room.size(), lane->body.size());
  if (size > 0) std::memcpy(room.data(), lane->body.view().data(), size);
  lane->body.Take(size);
  end = lane->done && lane->body.empty();
  return size;
}

}  // namespace ambit::proxy
