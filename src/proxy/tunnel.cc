#include "proxy/tunnel.h"

#include <algorithm>
#include <cerrno>
#include <utility>

namespace ambit::proxy {
namespace {

constexpr std::size_t kKept = 64;
/// How often a pipe is filled before other connections have their turn.
constexpr int kTurns = 8;
constexpr std::size_t kPieceOfLayer = 64UL << 10;

}  // namespace

std::optional<os::Pipe> PipePool::Take() {
  if (!pipes_.empty()) {
    os::Pipe pipe = std::move(pipes_.back());
    pipes_.pop_back();
    return pipe;
  }
  Result<os::Pipe> pipe = os::MakePipe(kBytes);
  if (!pipe) return std::nullopt;
  return *std::move(pipe);
}

void PipePool::Give(os::Pipe pipe) {
  if (pipes_.size() < kKept) pipes_.push_back(std::move(pipe));
}

Flow::~Flow() {
  if (pipe_ && in_pipe_ == 0) pipes_.Give(*std::move(pipe_));
}

/// Only ever into an empty pipe: then "not now" can only mean that nothing has come.
bool Flow::Fill(Stream& from) {
  const auto want = static_cast<std::size_t>(std::min<std::uint64_t>(left_, PipePool::kBytes));
  const std::ptrdiff_t got = os::Splice(from.fd(), pipe_->in.get(), want);
  if (got > 0) {
    in_pipe_ = static_cast<std::size_t>(got);
    left_ -= in_pipe_;
    return true;
  }
  if (got == 0) {
    from.set_ended();
  } else if (got == -EAGAIN) {
    from.set_idle();
  } else {
    from.set_broken(static_cast<int>(got));
  }
  return false;
}

bool Flow::Drain(Stream& to) {
  while (in_pipe_ > 0) {
    const std::ptrdiff_t sent = os::Splice(pipe_->out.get(), to.fd(), in_pipe_);
    if (sent <= 0) {
      if (sent == -EAGAIN) {
        to.set_not_writable();
      } else {
        to.set_broken(sent == 0 ? -EPIPE : static_cast<int>(sent));
      }
      return false;
    }
    in_pipe_ -= static_cast<std::size_t>(sent);
    moved_ += static_cast<std::uint64_t>(sent);
  }
  return true;
}

/// An idle connection holds no pipe.
Flow::State Flow::Wait() {
  if (pipe_) pipes_.Give(*std::exchange(pipe_, std::nullopt));
  return State::kWaiting;
}

Flow::State Flow::Move(Stream& from, Stream& to) {
  return from.is_plain() && to.is_plain() ? MovePlain(from, to) : MoveLayered(from, to);
}

Flow::State Flow::MoveLayered(Stream& from, Stream& to) {
  for (int turn = 0; turn < kTurns; ++turn) {
    const std::size_t before = held_.size();
    const bool empty = to.Flush(held_);
    moved_ += before - held_.size();
    if (to.broken() || from.broken()) return State::kBroken;
    if (!empty) return State::kWaiting;
    if (from.ended() || left_ == 0) return State::kDone;
    const auto most = static_cast<std::size_t>(std::min<std::uint64_t>(left_, kPieceOfLayer));
    const std::size_t got = from.ReceiveInto(held_, most);
    left_ -= got;
    if (got > 0) continue;
    if (from.broken()) return State::kBroken;
    if (from.ended()) return State::kDone;
    held_ = {};
    return State::kWaiting;
  }
  return State::kAgain;
}

Flow::State Flow::MovePlain(Stream& from, Stream& to) {
  for (int turn = 0; turn < kTurns; ++turn) {
    if (from.broken() || to.broken()) return State::kBroken;
    if (in_pipe_ > 0 && (!to.writable() || !Drain(to))) {
      return to.broken() ? State::kBroken : State::kWaiting;
    }
    if (from.ended() || left_ == 0) return State::kDone;
    if (!from.readable()) return Wait();
    if (!pipe_) pipe_ = pipes_.Take();
    if (!pipe_) return State::kBroken;
    if (Fill(from)) continue;
    if (from.broken()) return State::kBroken;
    return from.ended() ? State::kDone : Wait();
  }
  return State::kAgain;
}

void Tunnel::Start(std::string_view to_client, std::string_view to_origin) {
  down_.first.Append(to_client);
  up_.first.Append(to_origin);
}

bool Tunnel::PumpOne(Direction& direction) {
  if (direction.done) return true;
  if (!direction.first.empty()) {
    const std::size_t before = direction.first.size();
    const bool empty = direction.to.Flush(direction.first);
    direction.bytes += before - direction.first.size();
    if (direction.to.broken()) return false;
    if (!empty) return true;
  }
  switch (direction.flow.Move(direction.from, direction.to)) {
    case Flow::State::kWaiting:
      return true;
    case Flow::State::kAgain:
      again_ = true;
      return true;
    case Flow::State::kBroken:
      return false;
    case Flow::State::kDone:
      break;
  }
  direction.to.ShutdownWriting();
  direction.done = true;
  return true;
}

bool Tunnel::Pump() {
  again_ = false;
  broken_ = !PumpOne(up_) || !PumpOne(down_);
  return !broken_ && !(up_.done && down_.done);
}

}  // namespace ambit::proxy
