#pragma once

#include <memory>
#include <string>
#include <vector>

#include "proxy/chunked_body.h"
#include "proxy/http2_connection.h"
#include "proxy/response_head.h"
#include "proxy/session.h"

namespace ambit::proxy {

/// A tunnel that is looked into and whose client speaks HTTP/2. Each of its requests goes as
/// HTTP/1.1 through a lane to an InterceptedSession, which decides about it like about any other;
/// here is nothing but the translation.
class Http2Session final : public Session, Http2Connection::User {
 public:
  /// `to` is what the tunnel was asked for; `misdirected`: the client calls it otherwise in TLS.
  Http2Session(Context& context, std::uint16_t client_port, const policy::Destination& to,
               bool misdirected);

 private:
  using StreamId = Http2Connection::StreamId;

  /// A connection to an InterceptedSession: one request after the other, of any stream.
  struct Lane {
    std::unique_ptr<Stream> inner;  ///< None: the lane is gone.
    StreamId id = 0;                ///< 0: it is free.
    std::string method;
    Buffer to_inner, from_inner, body;
    std::size_t unconsumed = 0;  ///< Of the request's body in `to_inner`.
    bool chunked = false;        ///< The request's body is.
    bool request_done = false, answered = false, done = false, last = false;
    std::size_t scanned = 0;
    ResponseHead head;
    Framing framing = Framing::kNone;
    std::uint64_t left = 0;
    ChunkedBody chunks;
  };

  void OnBegin() override;
  void OnProgress() override;
  void OnTimeout() override;
  void OnConnected(std::unique_ptr<Stream> /*origin*/, std::string_view /*early*/) override {}
  void OnRefused(const Refusal& /*refusal*/) override {}

  void OnRequest(StreamId id, Http2Request request, bool ended) override;
  void OnData(StreamId id, std::string_view piece) override;
  void OnRequestEnd(StreamId id) override;
  void OnClosed(StreamId id) override;
  std::size_t ReadBody(StreamId id, std::span<char> room, bool& end) override;

  /// Each returns whether something has moved.
  bool Listen();
  bool PumpLane(Lane& lane);
  bool ReadAnswer(Lane& lane);
  bool ReadAnswerBody(Lane& lane);
  bool Speak();
  void AcceptAnswer(Lane& lane, std::size_t head_size);
  Lane* LaneOf(StreamId id);
  Lane* FreeLane();
  Lane* NewLane();
  void Drop(Lane& lane);
  void SetTimer();

  bool misdirected_;
  bool closing_ = false;  ///< Nothing more is read of the client.
  bool running_ = false, again_ = false;
  std::unique_ptr<Http2Connection> connection_;
  std::vector<std::unique_ptr<Lane>> lanes_;
};

}  // namespace ambit::proxy
