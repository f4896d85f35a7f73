#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "proxy/chunked_body.h"
#include "proxy/request_head.h"
#include "proxy/response_head.h"
#include "proxy/session.h"

namespace ambit::proxy {

/// A client of the HTTP proxy: requests one after the other, each decided on its own.
class HttpSession final : public Session {
 public:
  /// `crowded`: there are too many clients already; this one is only told so.
  HttpSession(Context& context, std::uint16_t client_port, bool crowded);

 private:
  /// What is being done for the client.
  enum class Step : std::uint8_t {
    kHead,      ///< Reading a request.
    kConnect,   ///< Waiting for the way to the origin.
    kExchange,  ///< Passing the request on and the response back.
  };

  void OnBegin() override;
  void OnProgress() override;
  void OnTimeout() override;
  void OnConnected(std::unique_ptr<Stream> origin, std::string_view early) override;
  void OnRefused(const Refusal& refusal) override;

  void Run();

  // Requests. Each returns whether something has moved.
  bool ReadHead();
  void AcceptHead();
  void Fail(const HeadError& error);
  /// What limited mode and hooks say to the request, once its host is allowed.
  std::optional<Refusal> RefuseRequest() const;
  void WriteRequestHead();
  bool SendRequest();
  bool SendLengthBody();
  bool SendChunkedBody();

  // Responses.
  bool ReadResponse();
  void AcceptResponse(std::size_t head_size);
  bool PassBody();
  bool PassLengthBody();
  bool PassChunkedBody();
  void BadResponse(std::string_view why);
  bool Redial();
  void FinishExchange();
  void NextRequest();
  void RunExchange();

  Step step_ = Step::kHead;
  bool crowded_;
  bool running_ = false;
  bool again_ = false;  ///< More would go, but others have their turn first.
  std::size_t scanned_ = 0;
  RequestHead request_;
  std::size_t request_size_ = 0;  ///< Of the head, which stays in `in_` until it has been answered.
  std::string method_;            ///< Outlives the head.
  Framing request_framing_ = Framing::kNone;
  std::uint64_t request_left_ = 0;
  ChunkedBody request_chunks_;
  bool request_done_ = false;
  bool keep_alive_ = false;
  bool old_client_ = false;  ///< Speaks HTTP/1.0.
  bool websocket_ = false;

  Buffer to_origin_, from_origin_;
  std::string
      replay_;  ///< The head sent, for a second try on a new connection; "" if there is none.
  std::size_t response_scanned_ = 0;
  ResponseHead response_;
  bool response_begun_ = false, response_done_ = false;
  bool origin_keeps_ = false;
  Framing response_framing_ = Framing::kNone;
  std::uint64_t response_left_ = 0;
  ChunkedBody response_chunks_;
  std::optional<Flow> flow_;
  std::uint64_t flow_counted_ = 0;
};

}  // namespace ambit::proxy
