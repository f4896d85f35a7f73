#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "proxy/buffer.h"

namespace ambit::proxy {

/// A request as its HEADERS say it. Nothing in it holds a control character.
struct Http2Request {
  std::string method, scheme, authority, path;
  std::vector<std::pair<std::string, std::string>> fields;
};

/// The server's end of one HTTP/2 connection (RFC 9113): frames, no sockets. Every buffer, the
/// number of streams and the rate of frames that cost the client nothing are bounded.
class Http2Connection {
 public:
  using StreamId = std::int32_t;
  using Fields = std::span<const std::pair<std::string, std::string>>;
  static constexpr std::uint32_t kMostStreams = 32;
  static constexpr std::size_t kMostHeadBytes = 64UL << 10;

  /// Told while Receive and TakeOutput run. Must not call either.
  class User {
   public:
    /// `ended`: there is no body.
    virtual void OnRequest(StreamId id, Http2Request request, bool ended) = 0;
    /// A piece of the body; no more than the window comes before Consumed.
    virtual void OnData(StreamId id, std::string_view piece) = 0;
    virtual void OnRequestEnd(StreamId id) = 0;
    /// The stream is gone; nothing more may be asked for it.
    virtual void OnClosed(StreamId id) = 0;
    /// The next piece of the answer's body in `room`: how much, and in `end` whether that was all.
    /// 0 without an end: nothing for now, see Resume.
    virtual std::size_t ReadBody(StreamId id, std::span<char> room, bool& end) = 0;

   protected:
    ~User() = default;
  };

  /// Errors: kSystem, no memory.
  static Result<std::unique_ptr<Http2Connection>> Make(User& user);
  Http2Connection(const Http2Connection&) = delete;
  Http2Connection& operator=(const Http2Connection&) = delete;
  ~Http2Connection();

  /// What the client has sent. False: it speaks no HTTP/2; send what TakeOutput gives, then close.
  bool Receive(std::string_view bytes, std::uint64_t now_us);
  /// Adds frames to `out` until it holds at least `most` bytes or there are none.
  void TakeOutput(Buffer& out, std::size_t most);
  /// Nothing is expected and nothing is to be sent any more.
  [[nodiscard]] bool is_over() const;

  /// The answer; `fields` without those that are for one connection only.
  void Respond(StreamId id, int status, Fields fields, bool has_body);
  /// One before the final one (1xx).
  void RespondInterim(StreamId id, int status, Fields fields);
  /// ReadBody has something again.
  void Resume(StreamId id);
  /// The client may send so much more of the body.
  void Consumed(StreamId id, std::size_t size);
  /// The same for a stream that is gone.
  void ConsumedByNobody(std::size_t size);
  /// Gives the stream up; `refused`: nothing of the request was done.
  void Reset(StreamId id, bool refused);
  /// No new streams: what there is goes on.
  void GoAway();

 private:
  struct Callbacks;
  struct State;
  Http2Connection();
  std::unique_ptr<State> state_;
};

}  // namespace ambit::proxy
