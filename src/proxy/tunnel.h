#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "os/tcp_calls.h"
#include "proxy/buffer.h"
#include "proxy/stream.h"

namespace ambit::proxy {

/// Pipes for splice(2), used again and again. What is given back is empty.
class PipePool {
 public:
  static constexpr std::size_t kBytes = 256UL << 10;
  /// Nothing when the process has no descriptors left.
  std::optional<os::Pipe> Take();
  void Give(os::Pipe pipe);

 private:
  std::vector<os::Pipe> pipes_;
};

/// Moves bytes from one stream to another, inside the kernel where both are plain, and never more
/// than a pipe or a buffer full ahead.
class Flow {
 public:
  enum class State : std::uint8_t { kWaiting, kAgain, kDone, kBroken };

  /// Moves until the source ends, at most `most` bytes.
  Flow(PipePool& pipes, std::uint64_t most) : pipes_(pipes), left_(most) {}
  Flow(const Flow&) = delete;
  Flow& operator=(const Flow&) = delete;
  ~Flow();

  /// As much as goes now. kAgain: more would go, but others have their turn first.
  State Move(Stream& from, Stream& to);
  [[nodiscard]] std::uint64_t moved() const { return moved_; }
  /// How many bytes are still to come.
  [[nodiscard]] std::uint64_t left() const { return left_; }

 private:
  State MovePlain(Stream& from, Stream& to);
  State MoveLayered(Stream& from, Stream& to);
  bool Fill(Stream& from);
  bool Drain(Stream& to);
  State Wait();

  PipePool& pipes_;
  std::optional<os::Pipe> pipe_;
  std::size_t in_pipe_ = 0;
  Buffer held_;  ///< What a pipe would hold.
  std::uint64_t left_;
  std::uint64_t moved_ = 0;
};

/// Relays between a client and an origin in both directions until both have ended or one is broken.
/// An end of one direction is passed on; the other direction goes on.
class Tunnel {
 public:
  Tunnel(PipePool& pipes, Stream& client, Stream& origin)
      : up_(pipes, client, origin), down_(pipes, origin, client) {}

  /// First sends what has been received already.
  void Start(std::string_view to_client, std::string_view to_origin);
  /// Goes on; false when it is over.
  [[nodiscard]] bool Pump();
  /// Whether the next Pump should come without an event; the caller arranges it.
  [[nodiscard]] bool wants_again() const { return again_; }
  /// Whether it ended by a fault, which the other end should learn as a reset.
  [[nodiscard]] bool broken() const { return broken_; }
  [[nodiscard]] std::uint64_t sent() const { return up_.bytes + up_.flow.moved(); }
  [[nodiscard]] std::uint64_t received() const { return down_.bytes + down_.flow.moved(); }

 private:
  struct Direction {
    Direction(PipePool& pipes, Stream& source, Stream& target)
        : from(source), to(target), flow(pipes, ~std::uint64_t{0}) {}
    Stream& from;
    Stream& to;
    Buffer first;
    std::uint64_t bytes = 0;  ///< Sent out of `first`.
    Flow flow;
    bool done = false;
  };
  /// False when it is broken.
  bool PumpOne(Direction& direction);

  Direction up_, down_;
  bool again_ = false, broken_ = false;
};

}  // namespace ambit::proxy
