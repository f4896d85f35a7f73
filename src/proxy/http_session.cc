#include "proxy/http_session.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/secret_text.h"
#include "proxy/body_edit.h"
#include "proxy/http_rewrite.h"
#include "proxy/request_signing.h"

namespace ambit::proxy {
namespace {

/// How much may wait to be sent in one direction before no more is read for it.
constexpr std::size_t kMostWaiting = 64UL << 10;
/// From how many bytes on a body is moved inside the kernel.
constexpr std::uint64_t kWorthAPipe = 64UL << 10;
constexpr std::string_view kTooLong = "takes no body of that length";
constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

std::int64_t WallSeconds() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::seconds>(now).count();
}

bool IsRepeatable(std::string_view method) {
  return method == "GET" || method == "HEAD" || method == "OPTIONS";
}

}  // namespace

HttpSession::HttpSession(Context& context, std::uint16_t client_port, bool crowded)
    : Session(context, client_port), crowded_(crowded), share_(context.bodies) {}

void HttpSession::OnBegin() { timer_.SetMs(context_.settings.limits.first_byte_ms); }

void HttpSession::OnTimeout() {
  if (step_ == Step::kHead && !in_.empty()) {
    return Refuse({408, "the request head takes too long"});
  }
  if (step_ == Step::kBody) return Refuse({408, "the request body takes too long"});
  if (step_ == Step::kExchange && again_) {
    again_ = false;
    return OnProgress();
  }
  End();
}

void HttpSession::OnProgress() {
  // Answers that come at once are found by the loop below, however many requests are waiting.
  if (running_) return;
  running_ = true;
  Run();
  running_ = false;
}

void HttpSession::Run() {
  if (client_->broken()) return End();
  while (!busy_ending()) {
    if (step_ == Step::kConnect) return;
    if (step_ == Step::kGreet || step_ == Step::kSecure) {
      if (!Agree()) return;
      continue;
    }
    if (step_ == Step::kExchange) {
      RunExchange();
      if (step_ == Step::kExchange) return;
      continue;
    }
    if (step_ == Step::kBody) {
      if (!ReadBody()) return;
      continue;
    }
    if (!ReadHead()) return;
  }
}

/// Reads until a head is complete. False: it is not, or the session is ending.
bool HttpSession::ReadHead() {
  for (;;) {
    if (!client_->Flush(out_)) return false;
    const HeadEnd end = FindHeadEnd(in_.view(), scanned_);
    if (end.error) {
      Refuse(*end.error);
      return false;
    }
    if (end.size > 0) {
      request_size_ = end.size;
      AcceptHead();
      return true;
    }
    if (const auto error = CheckPartialHead(in_.view(), context_.settings.limits.head)) {
      Refuse(*error);
      return false;
    }
    const bool was_empty = in_.empty();
    if (client_->ReceiveInto(in_, Buffer::kPiece) == 0) break;
    if (was_empty) timer_.SetMs(context_.settings.limits.head_ms);
  }
  if (client_->ended() || client_->broken()) End();
  return false;
}

void HttpSession::Refuse(const HeadError& error) {
  if (step_ == Step::kHead) OpenRecord(protocol_word());
  DropBody();
  record_.allowed = false;
  record_.reason = policy::ToWord(policy::Reason::kBadRequest);
  record_.message = error.text;
  out_.Append(ToResponse(error));
  Farewell();
}

std::optional<Refusal> HttpSession::RefuseRequest() {
  judged_ = {};
  if (request_.IsConnect()) return std::nullopt;
  const policy::HttpRequest asked{.method = request_.method,
                                  .target = request_.path,
                                  .fields = request_.fields,
                                  .has_body = request_.framing != Framing::kNone,
                                  .websocket = request_.websocket,
                                  .secure = is_secure()};
  judged_ = context_.settings.rules->http().Decide(to_, asked);
  if (judged_.allowed() && signing() != nullptr) {
    const std::string problem =
        SigningProblem(*signing(), {asked.target, asked.fields, asked.has_body}, WallSeconds());
    if (!problem.empty()) judged_ = policy::HttpRules::RefuseEdit(*judged_.hook, problem);
  }
  if (!judged_.allowed()) return ToRefusal(judged_, to_);
  if (judged_.hook != nullptr) {
    record_.rule = judged_.rule;
    record_.place = ToString(judged_.from);
  }
  return std::nullopt;
}

std::string_view HttpSession::protocol_word() const { return policy::ToWord(protocol()); }

std::optional<HeadError> HttpSession::Aim(const policy::Destination& asked) {
  if (request_.IsSecure()) return HeadError{501, "https:// requests need CONNECT"};
  // Who speaks to the proxy as if it were an origin gets no answer from another place.
  if (request_.form == TargetForm::kOrigin || request_.form == TargetForm::kAsterisk) {
    const os::SocketAddress own = os::LocalAddress(client_->fd());
    const IpAddress* address = asked.address();
    if (address != nullptr && ToSocketAddress(*address, asked.port) == own) {
      return HeadError{400, "the request is for the proxy itself"};
    }
  }
  to_ = asked;
  return std::nullopt;
}

void HttpSession::AcceptHead() {
  scanned_ = 0;
  const auto error = ParseRequestHead(in_.view().substr(0, request_size_),
                                      context_.settings.limits.head, request_);
  if (error) return Refuse(ForClient(*error));
  if (crowded_) return Refuse({503, "too many connections from this sandbox"});
  if (request_.unix_socket) return Refuse({501, "unix sockets unsupported"});
  const Result<policy::Destination> asked = policy::ParseDestination(request_.host, request_.port);
  if (!asked) return Refuse({400, "invalid host"});
  method_ = request_.method;
  request_framing_ = request_.framing;
  request_left_ = request_.summary.content_length.value_or(0);
  request_chunks_ = {};
  request_done_ = request_framing_ == Framing::kNone;
  keep_alive_ = request_.keep_alive;
  old_client_ = request_.minor_version == 0;
  websocket_ = request_.websocket;
  if (const auto wrong = Aim(*asked)) return Refuse(*wrong);
  OpenRecord(request_.IsConnect() ? policy::ToWord(policy::Protocol::kConnect) : protocol_word());
  record_.method = request_.method;
  NoteDestination(to_);
  timer_.Clear();
  step_ = Step::kConnect;
  Route();
}

void HttpSession::Route() {
  // The rules for hosts come first: a denied host says so, whatever the method.
  if (const auto refusal = RefuseRequest()) {
    const auto verdict = context_.settings.rules->Before(to_, protocol());
    return OnRefused(verdict.allowed() ? *refusal : ToRefusal(verdict, to_));
  }
  if (request_.IsConnect()) return Connect(to_, policy::Protocol::kConnect, Reuse::kNever);
  if (request_framing_ != Framing::kNone && NeedsBody()) return HoldRequest();
  FindOrigin();
}

const policy::RequestSigning* HttpSession::signing() const {
  const bool signs = judged_.hook != nullptr && judged_.hook->signing.has_value();
  return signs ? &*judged_.hook->signing : nullptr;
}

bool HttpSession::NeedsBody() const {
  if (signing() != nullptr) return SignsBody(request_.fields);
  return judged_.hook != nullptr && judged_.hook->body.has_value();
}

void HttpSession::FindOrigin() {
  step_ = Step::kConnect;
  timer_.Clear();
  Dial(CanRepeat() ? Reuse::kAny : Reuse::kIfOpen);
}

/// The body is read to where the head is, which has to live longer than that.
void HttpSession::HoldRequest() {
  held_head_ = in_.view().substr(0, request_size_);
  in_.Take(std::exchange(request_size_, 0));
  const auto error = ParseRequestHead(held_head_, context_.settings.limits.head, request_);
  if (error) return Refuse(*error);  // never: the same bytes were read before
  const std::size_t most =
      signing() != nullptr ? signing()->max_bytes : judged_.hook->body->max_bytes;
  gathered_.Begin(request_framing_, request_left_, most);
  // What is too long is refused for that.
  const bool bounded = request_framing_ == Framing::kLength && request_left_ <= most;
  if (bounded && !Hold(static_cast<std::size_t>(request_left_))) return;
  if (request_.expect_continue) out_.Append(kContinue);
  step_ = Step::kBody;
  timer_.SetMs(context_.settings.limits.idle_ms);
}

/// Reads until the body is complete. False: it is not, or the session is ending.
bool HttpSession::ReadBody() {
  for (;;) {
    client_->Flush(out_);
    const GatheredBody::State state = gathered_.Take(in_);
    if (request_framing_ == Framing::kChunked && !Hold(gathered_.view().size())) return false;
    if (state != GatheredBody::State::kMore) return AcceptBody();
    if (client_->ReceiveInto(in_, Buffer::kPiece) == 0) break;
    timer_.SetMs(context_.settings.limits.idle_ms);
  }
  if (client_->ended() || client_->broken()) End(true);
  return false;
}

bool HttpSession::Hold(std::size_t size) {
  if (share_.Resize(size)) return true;
  Refuse({503, "too many bytes of request bodies are held at once; try again later"});
  return false;
}

void HttpSession::DropBody() {
  gathered_.Drop();
  Wipe(edited_body_);
  edited_body_.shrink_to_fit();
  if (!share_.empty()) to_origin_ = {};
  share_.Drop();
}

bool HttpSession::CanRepeat() const {
  return request_done_ && IsRepeatable(method_) && held_head_.empty();
}

std::string_view HttpSession::EditBody() {
  const std::string_view body = gathered_.view();
  if (signing() != nullptr) {
    edited_body_ = body;
    return PayloadHash(request_.fields, body) ? "" : kAnotherHash;
  }
  return PutSecretsIn(*judged_.hook->body, secrets(), body, edited_body_) ? "" : kTooLong;
}

/// Whether the session goes on.
bool HttpSession::AcceptBody() {
  std::string_view problem;
  switch (gathered_.state()) {
    case GatheredBody::State::kDone:
      request_done_ = true;
      problem = EditBody();
      break;
    case GatheredBody::State::kTooLong:
      problem = kTooLong;
      break;
    case GatheredBody::State::kTrailers:
      problem = "takes no body with trailers";
      break;
    case GatheredBody::State::kMore:
    case GatheredBody::State::kBad:
      Refuse({400, "malformed chunked body"});
      return false;
  }
  gathered_.Drop();
  if (!problem.empty()) {
    OnRefused(ToRefusal(policy::HttpRules::RefuseEdit(*judged_.hook, problem), to_));
    return !busy_ending();
  }
  if (!Hold(edited_body_.size())) return false;
  request_.framing = request_framing_ = Framing::kLength;
  request_.summary.content_length = edited_body_.size();
  FindOrigin();
  return true;
}

const Secrets& HttpSession::secrets() const {
  static const Secrets kNone;
  const Settings& settings = context_.settings;
  return settings.secrets != nullptr ? *settings.secrets : kNone;
}

void HttpSession::Dial(Reuse reuse) { Connect(to_, protocol(), reuse); }

void HttpSession::KeepOrigin() { context_.upstreams.Put(std::move(origin_)); }

void HttpSession::OnRefused(const Refusal& refusal) {
  NoteRefusal(refusal);
  DropBody();
  const std::string_view protocol = record_.protocol;
  const bool with_body = method_ != "HEAD";
  // With a body still to come, the next request could not be told from it.
  const bool keep = keep_alive_ && request_done_ && client_ && !client_->ended();
  out_.Append(ToResponse(refusal, protocol, to_.HostText(), to_.port, keep, with_body));
  in_.Take(request_size_);
  if (!keep) return Farewell();
  TellRecord();
  NextRequest();
  if (!busy_ending()) OnProgress();
}

void HttpSession::OnConnected(std::unique_ptr<Stream> origin, std::string_view early) {
  origin_ = std::move(origin);
  origin_->set_user(this);
  if (connector_.parent() == nullptr) {
    record_.address = ToIpAddress(origin_->address).Text();
  }
  if (request_.IsConnect()) {
    in_.Take(request_size_);
    out_.Append("HTTP/1.1 200 Connection established\r\n\r\n");
    return BeginTunnel(early);
  }
  BeginExchange();
}

void HttpSession::BeginExchange() {
  step_ = Step::kExchange;
  timer_.SetMs(context_.settings.limits.idle_ms);
  to_origin_.Clear();
  from_origin_.Clear();
  response_scanned_ = 0;
  response_begun_ = response_done_ = false;
  flow_.reset();
  if (replay_.empty()) {
    WriteRequestHead();
    in_.Take(request_size_);
  } else {
    to_origin_.Append(std::exchange(replay_, {}));
  }
  OnProgress();
}

/// What hooks and credentials change. Only what nobody on the way can read gets a secret.
void HttpSession::EditRequest() {
  scrubber_ = {};
  if (!is_secure()) return;
  if (!edit_) edit_.emplace(context_.settings.rules->http(), secrets());
  edit_->Apply(to_, judged_, request_.fields);
  if (signing() != nullptr) {
    const auto hash = PayloadHash(request_.fields, edited_body_);
    edit_->Sign(*signing(), to_, hash.value_or(""), request_);
  }
  scrubber_ = edit_->MakeScrubber();
}

void HttpSession::WriteRequestHead() {
  EditRequest();
  // What a tunnel of the parent's carries is for the origin alone.
  const ParentProxy* const parent = origin_->secured ? nullptr : connector_.parent();
  RewriteRequest(request_, to_, is_secure() ? 443 : 80, parent, to_origin_);
  to_origin_.Append(edited_body_);
  Wipe(edited_body_);
  edited_body_.shrink_to_fit();
  if (edit_) edit_->Forget();
  replay_.clear();
  if (origin_->used_before && CanRepeat()) replay_ = to_origin_.view();
  if (request_.expect_continue && !request_done_) out_.Append(kContinue);
}

void HttpSession::RunExchange() {
  for (bool moved = true; moved && !busy_ending() && step_ == Step::kExchange;) {
    moved = SendRequest();
    if (busy_ending() || step_ != Step::kExchange) return;
    if (!response_begun_) moved = ReadResponse() || moved;
    if (busy_ending() || step_ != Step::kExchange) return;
    // What has come of the body goes out together with the head.
    if (response_begun_) moved = PassBody() || moved;
    if (busy_ending() || step_ != Step::kExchange) return;
    const bool sent = client_->Flush(out_);
    if (client_->broken()) return End();
    if (response_done_ && sent) return FinishExchange();
  }
  if (busy_ending() || step_ != Step::kExchange) return;
  timer_.SetMs(again_ ? 0 : context_.settings.limits.idle_ms);
}

bool HttpSession::SendRequest() {
  bool moved = false;
  if (!to_origin_.empty()) {
    const std::size_t before = to_origin_.size();
    origin_->Flush(to_origin_);
    moved = to_origin_.size() != before;
    record_.bytes_sent += before - to_origin_.size();
    if (to_origin_.empty() && !share_.empty()) DropBody();
  }
  if (request_done_ || response_done_) return moved;
  if (request_framing_ == Framing::kLength) return SendLengthBody() || moved;
  return SendChunkedBody() || moved;
}

bool HttpSession::SendLengthBody() {
  if (!to_origin_.empty()) return false;
  if (in_.empty()) {
    client_->ReceiveInto(
        in_, static_cast<std::size_t>(std::min<std::uint64_t>(kMostWaiting, request_left_)));
  }
  if (in_.empty()) {
    // The origin must not take half a body for a whole one.
    if (client_->ended() || client_->broken()) End(true);
    return false;
  }
  const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(in_.size(), request_left_));
  const std::size_t sent = origin_->Send(in_.view().substr(0, size));
  in_.Take(sent);
  request_left_ -= sent;
  record_.bytes_sent += sent;
  request_done_ = request_left_ == 0;
  return sent > 0;
}

bool HttpSession::SendChunkedBody() {
  if (to_origin_.size() >= kMostWaiting) return false;
  if (in_.empty()) client_->ReceiveInto(in_, Buffer::kPiece);
  if (in_.empty()) {
    if (client_->ended() || client_->broken()) End(true);
    return false;
  }
  const ChunkedBody::Step step = request_chunks_.Next(in_.view());
  if (step.state == ChunkedBody::State::kBad) {
    Refuse({400, "malformed chunked body"});
    return false;
  }
  AppendChunk(step.data, to_origin_);
  if (step.state == ChunkedBody::State::kDone) {
    to_origin_.Append(kLastChunk);
    request_done_ = true;
  }
  in_.Take(step.used);
  return true;
}

bool HttpSession::ReadResponse() {
  bool moved = false;
  while (!response_begun_) {
    const HeadEnd end = FindHeadEnd(from_origin_.view(), response_scanned_);
    if (end.error) {
      BadResponse("the response is malformed");
      return false;
    }
    if (end.size > 0) {
      AcceptResponse(end.size);
      if (busy_ending() || step_ != Step::kExchange) return false;
      moved = true;
      continue;
    }
    if (from_origin_.size() >= context_.settings.limits.head.bytes) {
      BadResponse("the response head is too large");
      return false;
    }
    if (origin_->ReceiveInto(from_origin_, Buffer::kPiece) == 0) break;
    replay_.clear();
  }
  if (!response_begun_ && (origin_->ended() || origin_->broken()) && !Redial()) {
    BadResponse("the origin closes the connection without a response");
  }
  return moved;
}

/// An idle connection may have been closed under our hands: once more, on a new one.
bool HttpSession::Redial() {
  if (replay_.empty()) return false;
  DropOrigin();
  record_.bytes_sent = 0;
  step_ = Step::kConnect;
  connector_.Start(to_, protocol(), Reuse::kNever);
  return true;
}

void HttpSession::BadResponse(std::string_view why) {
  const Refusal refusal = UpstreamRefusal(why);
  NoteRefusal(refusal);
  if (response_begun_) return End(true);
  DropBody();
  out_.Append(
      ToResponse(refusal, record_.protocol, to_.HostText(), to_.port, false, method_ != "HEAD"));
  Farewell();
}

void HttpSession::AcceptResponse(std::size_t head_size) {
  scrubber_.Replace(from_origin_.bytes().first(head_size));
  const auto error = ParseResponseHead(from_origin_.view().substr(0, head_size),
                                       context_.settings.limits.head, response_);
  response_scanned_ = 0;
  if (error) return BadResponse(error->text);
  if (response_.IsInterim()) {
    // What we asked for ourselves, or a client that old could not know, stays here.
    if (response_.status != 100 && !old_client_) RewriteInterim(response_, out_);
    from_origin_.Take(head_size);
    return;
  }
  if (response_.status == 101) {
    if (!websocket_ || !response_.BecomesWebSocket()) {
      return BadResponse("the origin switches protocols unasked");
    }
    if (!scrubber_.empty()) {
      return BadResponse("a WebSocket of a host that gets a secret could tell it");
    }
    RewriteResponse(response_, Framing::kNone, true, true, out_);
    from_origin_.Take(head_size);
    out_.Append(from_origin_.view());
    return StartTunnel();
  }
  response_framing_ = response_.FramingFor(method_);
  if (!scrubber_.empty() && response_framing_ != Framing::kNone &&
      HasContentCoding(response_.fields)) {
    return BadResponse(
        "the response is compressed though we asked for it as it is, and could hide "
        "a secret");
  }
  response_begun_ = true;
  response_left_ = response_framing_ == Framing::kLength ? *response_.summary.content_length : 0;
  response_chunks_ = {};
  origin_keeps_ = response_.KeepsAlive() && response_framing_ != Framing::kUntilClose;
  response_done_ = response_framing_ == Framing::kNone ||
                   (response_framing_ == Framing::kLength && response_left_ == 0);
  // Only a client that speaks 1.1 can tell the end of a body of unknown length.
  Framing framing = response_framing_;
  if (framing == Framing::kChunked && old_client_) framing = Framing::kUntilClose;
  if (framing == Framing::kUntilClose && frames_bodies()) framing = Framing::kChunked;
  if (framing == Framing::kUntilClose || !request_done_) keep_alive_ = false;
  rechunk_ = framing == Framing::kChunked;
  RewriteResponse(response_, framing, keep_alive_, false, out_);
  from_origin_.Take(head_size);
}

bool HttpSession::PassBody() {
  if (response_done_) return false;
  if (response_framing_ == Framing::kChunked) return PassChunkedBody();
  return scrubber_.empty() && !rechunk_ ? PassLengthBody() : PassSeenBody();
}

void HttpSession::PutBody(std::string_view data, bool last) {
  if (!scrubber_.empty()) {
    scrubbed_.Clear();
    scrubber_.Feed(data, scrubbed_);
    if (last) scrubber_.Finish(scrubbed_);
    data = scrubbed_.view();
  }
  if (!rechunk_) return out_.Append(data);
  AppendChunk(data, out_);
  if (last) out_.Append(kLastChunk);
}

/// With every byte looked at or framed anew.
bool HttpSession::PassSeenBody() {
  const bool bounded = response_framing_ == Framing::kLength;
  if (out_.size() >= kMostWaiting) return false;
  if (from_origin_.empty()) {
    const std::uint64_t most = bounded ? response_left_ : kMostWaiting;
    origin_->ReceiveInto(from_origin_,
                         static_cast<std::size_t>(std::min<std::uint64_t>(most, kMostWaiting)));
  }
  if (from_origin_.empty()) {
    if (bounded ? origin_->ended() || origin_->broken() : origin_->broken()) {
      BadResponse("the response ends too early");
      return false;
    }
    if (!origin_->ended()) return false;
    PutBody({}, true);
    response_done_ = true;
    return true;
  }
  std::string_view piece = from_origin_.view();
  if (bounded && piece.size() > response_left_) {
    piece = piece.substr(0, static_cast<std::size_t>(response_left_));
    origin_keeps_ = false;  // It sends more than it said.
  }
  record_.bytes_received += piece.size();
  if (bounded) response_left_ -= piece.size();
  response_done_ = bounded && response_left_ == 0;
  PutBody(piece, response_done_);
  from_origin_.Take(from_origin_.size());
  return true;
}

/// Small bodies with the head in one packet; large ones inside the kernel.
bool HttpSession::PassLengthBody() {
  const bool bounded = response_framing_ == Framing::kLength;
  if (!from_origin_.empty() && out_.size() < kMostWaiting) {
    std::string_view piece = from_origin_.view();
    if (bounded && piece.size() > response_left_) {
      piece = piece.substr(0, static_cast<std::size_t>(response_left_));
      origin_keeps_ = false;  // It sends more than it said.
    }
    out_.Append(piece);
    from_origin_.Take(from_origin_.size());
    record_.bytes_received += piece.size();
    if (bounded) response_left_ -= piece.size();
    response_done_ = bounded && response_left_ == 0;
    return true;
  }
  if (!client_->Flush(out_)) return false;
  if (bounded && response_left_ < kWorthAPipe && !flow_) {
    const auto most = static_cast<std::size_t>(response_left_);
    if (origin_->ReceiveInto(from_origin_, most) > 0) return true;
    if (origin_->ended() || origin_->broken()) BadResponse("the response ends too early");
    return false;
  }
  if (!flow_) {
    flow_.emplace(context_.pipes, bounded ? response_left_ : ~std::uint64_t{0});
    flow_counted_ = 0;
  }
  const Flow::State state = flow_->Move(*origin_, *client_);
  record_.bytes_received += flow_->moved() - flow_counted_;
  flow_counted_ = flow_->moved();
  again_ = state == Flow::State::kAgain;
  if (client_->broken()) {
    End();
    return false;
  }
  if (state == Flow::State::kBroken ||
      (state == Flow::State::kDone && bounded && flow_->left() > 0)) {
    BadResponse("the response ends too early");
    return false;
  }
  if (state != Flow::State::kDone) return false;
  response_done_ = true;
  response_left_ = 0;
  return true;
}

bool HttpSession::PassChunkedBody() {
  if (out_.size() >= kMostWaiting) return false;
  if (from_origin_.empty()) origin_->ReceiveInto(from_origin_, kMostWaiting);
  if (from_origin_.empty()) {
    if (origin_->ended() || origin_->broken()) BadResponse("the response ends too early");
    return false;
  }
  const ChunkedBody::Step step = response_chunks_.Next(from_origin_.view());
  if (step.state == ChunkedBody::State::kBad) {
    BadResponse("the response is malformed");
    return false;
  }
  record_.bytes_received += step.data.size();
  response_done_ = step.state == ChunkedBody::State::kDone;
  PutBody(step.data, response_done_);
  from_origin_.Take(step.used);
  return true;
}

/// The response is with the client.
void HttpSession::FinishExchange() {
  flow_.reset();
  const bool reusable = origin_keeps_ && request_done_ && to_origin_.empty() &&
                        from_origin_.empty() && !origin_->ended() && !origin_->broken();
  if (reusable) {
    KeepOrigin();
  } else {
    DropOrigin();
  }
  if (!keep_alive_ || !request_done_) return Farewell();
  TellRecord();
  NextRequest();
}

void HttpSession::NextRequest() {
  step_ = Step::kHead;
  if (!held_head_.empty()) {
    // A body as large as that is the exception.
    held_head_.clear();
    DropBody();
  }
  scanned_ = 0;
  again_ = false;
  replay_.clear();
  timer_.SetMs(in_.empty() ? context_.settings.limits.keep_alive_ms
                           : context_.settings.limits.head_ms);
}

}  // namespace ambit::proxy
