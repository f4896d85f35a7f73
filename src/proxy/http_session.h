#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "proxy/chunked_body.h"
#include "proxy/gathered_body.h"
#include "proxy/held_bodies.h"
#include "proxy/request_edit.h"
#include "proxy/request_head.h"
#include "proxy/response_head.h"
#include "proxy/session.h"

namespace ambit::proxy {

/// A client of the HTTP proxy: requests one after the other, each decided on its own.
class HttpSession : public Session {
 public:
  /// `crowded`: there are too many clients already; this one is only told so.
  HttpSession(Context& context, std::uint16_t client_port, bool crowded);

 protected:
  /// What is being done for the client.
  enum class Step : std::uint8_t {
    kGreet,     ///< Agreeing with the client on TLS.
    kHead,      ///< Reading a request.
    kBody,      ///< Reading its body, which is needed as a whole.
    kConnect,   ///< Waiting for the way to the origin.
    kSecure,    ///< Agreeing with the origin on TLS.
    kExchange,  ///< Passing the request on and the response back.
  };

  void OnBegin() override;
  void OnProgress() override;
  void OnTimeout() override;
  void OnConnected(std::unique_ptr<Stream> origin, std::string_view early) override;
  void OnRefused(const Refusal& refusal) override;

  /// What clients and origins speak here, for records and answers.
  [[nodiscard]] virtual policy::Protocol protocol() const { return policy::Protocol::kHttp; }
  [[nodiscard]] virtual std::string_view protocol_word() const;
  [[nodiscard]] virtual bool is_secure() const { return false; }
  /// What a client is answered to a malformed request.
  [[nodiscard]] virtual HeadError ForClient(const HeadError& error) const { return error; }
  /// Why a well-formed request for `asked` cannot be for here; sets `to_` where it can.
  virtual std::optional<HeadError> Aim(const policy::Destination& asked);
  /// Finds the origin of a request; OnConnected or OnRefused follows.
  virtual void Dial(Reuse reuse);
  /// Takes back an origin on which nothing is expected.
  virtual void KeepOrigin();
  /// Whether the client has to be told where every body ends: an end of the connection could be a
  /// fault.
  [[nodiscard]] virtual bool frames_bodies() const { return false; }
  /// Goes on with kGreet or kSecure. Whether that step is over.
  virtual bool Agree() { return false; }

  [[nodiscard]] const RequestHead& request() const { return request_; }
  /// The origin is there, and is sent the request.
  void BeginExchange();
  void Refuse(const HeadError& error);
  void BadResponse(std::string_view why);
  /// What is held of the request's body is needed no more.
  void DropBody();

  Step step_ = Step::kHead;

 private:
  void Run();

  // Requests. Each returns whether something has moved.
  bool ReadHead();
  void AcceptHead();
  void Route();
  /// What limited mode and hooks say to the request, once its host is allowed.
  std::optional<Refusal> RefuseRequest();
  void FindOrigin();
  void HoldRequest();
  /// Why the hook cannot use the body that was read, as the end of a sentence, or "". Sets
  /// `edited_body_`.
  std::string_view EditBody();
  [[nodiscard]] const policy::RequestSigning* signing() const;
  [[nodiscard]] bool NeedsBody() const;
  /// Holds so many bytes of the body, or refuses.
  bool Hold(std::size_t size);
  /// Whether it may be sent a second time, on another connection.
  [[nodiscard]] bool CanRepeat() const;
  bool ReadBody();
  bool AcceptBody();
  void WriteRequestHead();
  void EditRequest();
  [[nodiscard]] const Secrets& secrets() const;
  bool SendRequest();
  bool SendLengthBody();
  bool SendChunkedBody();

  // Responses.
  bool ReadResponse();
  void AcceptResponse(std::size_t head_size);
  bool PassBody();
  bool PassLengthBody();
  bool PassChunkedBody();
  bool PassSeenBody();
  void PutBody(std::string_view data, bool last);
  bool Redial();
  void FinishExchange();
  void NextRequest();
  void RunExchange();

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
  std::string held_head_;  ///< While `gathered_` is read to where the head was.
  GatheredBody gathered_;
  BodyShare share_;          ///< Of what is held of the body: gathered, edited, not yet sent.
  std::string edited_body_;  ///< Sent after the head; may hold secrets.
  bool keep_alive_ = false;
  bool old_client_ = false;  ///< Speaks HTTP/1.0.
  bool websocket_ = false;

  policy::HttpVerdict judged_;  ///< What the rules for single requests say.
  std::optional<RequestEdit> edit_;
  Scrubber scrubber_;  ///< Of the answer.
  Buffer scrubbed_;
  bool rechunk_ = false;  ///< The client gets the body in chunks.
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
