#include "proxy/http2_connection.h"

#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <unordered_map>

#include "base/freed_by.h"

namespace ambit::proxy {
namespace {

/// So often at once, and so often a second.
struct Rate {
  double burst, per_second;
};
/// A stream that is reset has cost us a request, and the client nothing.
constexpr Rate kResets{200, 20};
/// Frames that carry nothing: PING, SETTINGS, PRIORITY, empty DATA.
constexpr Rate kEmptyFrames{2000, 200};

class Allowance {
 public:
  explicit Allowance(Rate rate) : rate_(rate), left_(rate.burst) {}
  bool Spend(std::uint64_t now_us) {
    if (since_ != 0 && now_us > since_) {
      const double seconds = static_cast<double>(now_us - since_) / 1e6;
      left_ = std::min(rate_.burst, left_ + seconds * rate_.per_second);
    }
    since_ = now_us;
    if (left_ < 1) return false;
    left_ -= 1;
    return true;
  }

 private:
  Rate rate_;
  double left_;
  std::uint64_t since_ = 0;
};

std::string_view View(const std::uint8_t* bytes, std::size_t size) {
  return {reinterpret_cast<const char*>(bytes), size};
}

/// Whether it can stand in a line of HTTP/1.1. `blanks`: blanks and tabs are fine.
bool IsPlain(std::string_view text, bool blanks) {
  return std::ranges::all_of(text, [blanks](char c) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte == ' ' || byte == '\t') return blanks;
    return byte > 0x20 && byte != 0x7f;
  });
}

std::vector<nghttp2_nv> ToPairs(const std::string& status, Http2Connection::Fields fields) {
  constexpr std::string_view kStatus = ":status";
  const auto pair = [](std::string_view name, std::string_view value) {
    // The library only reads; it copies both.
    return nghttp2_nv{
        const_cast<std::uint8_t*>(reinterpret_cast<const std::uint8_t*>(name.data())),
        const_cast<std::uint8_t*>(reinterpret_cast<const std::uint8_t*>(value.data())), name.size(),
        value.size(), NGHTTP2_NV_FLAG_NONE};
  };
  std::vector<nghttp2_nv> out;
  out.push_back(pair(kStatus, status));
  for (const auto& [name, value] : fields) out.push_back(pair(name, value));
  return out;
}

}  // namespace

struct Http2Connection::State {
  struct Incoming {
    Http2Request request;
    std::size_t bytes = 0;
    bool bad = false;
  };

  User* user = nullptr;
  std::unique_ptr<nghttp2_session, FreedBy<nghttp2_session_del>> session;
  std::unordered_map<StreamId, Incoming> incoming;  ///< Whose HEADERS are not complete yet.
  Allowance resets{kResets};
  Allowance empty_frames{kEmptyFrames};
  std::uint64_t now_us = 0;
};

struct Http2Connection::Callbacks {
  static State& Of(void* pointer) { return *static_cast<State*>(pointer); }

  static int OnBeginHeaders(nghttp2_session* /*session*/, const nghttp2_frame* frame, void* self) {
    if (frame->headers.cat == NGHTTP2_HCAT_REQUEST) Of(self).incoming[frame->hd.stream_id] = {};
    return 0;
  }

  static int OnHeader(nghttp2_session* /*session*/, const nghttp2_frame* frame,
                      const std::uint8_t* name_bytes, std::size_t name_size,
                      const std::uint8_t* value_bytes, std::size_t value_size,
                      std::uint8_t /*flags*/, void* self) {
    const auto found = Of(self).incoming.find(frame->hd.stream_id);
    // Trailers are for nobody.
    if (frame->headers.cat != NGHTTP2_HCAT_REQUEST || found == Of(self).incoming.end()) return 0;
    State::Incoming& one = found->second;
    const std::string_view name = View(name_bytes, name_size);
    const std::string_view value = View(value_bytes, value_size);
    one.bytes += name.size() + value.size() + 32;  // as RFC 9113 §6.5.2 counts
    one.bad = one.bad || one.bytes > kMostHeadBytes || !IsPlain(name, false) ||
              !IsPlain(value, !name.starts_with(':'));
    if (one.bad) return 0;
    Add(one.request, name, value);
    return 0;
  }

  static void Add(Http2Request& request, std::string_view name, std::string_view value) {
    if (name == ":method") {
      request.method = value;
    } else if (name == ":scheme") {
      request.scheme = value;
    } else if (name == ":authority") {
      request.authority = value;
    } else if (name == ":path") {
      request.path = value;
    } else if (name == "cookie") {
      // One field in HTTP/1.1 (RFC 9113 §8.2.3).
      const auto known = std::ranges::find_if(
          request.fields, [](const auto& one) { return one.first == "cookie"; });
      if (known == request.fields.end()) {
        request.fields.emplace_back(name, value);
      } else {
        known->second.append("; ").append(value);
      }
    } else if (name != "te") {
      request.fields.emplace_back(name, value);
    }
  }

  static int OnFrame(nghttp2_session* session, const nghttp2_frame* frame, void* self) {
    State& state = Of(self);
    const StreamId id = frame->hd.stream_id;
    const bool ended = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
    switch (frame->hd.type) {
      case NGHTTP2_HEADERS:
        if (frame->headers.cat == NGHTTP2_HCAT_REQUEST) return BeginRequest(state, id, ended);
        if (ended) state.user->OnRequestEnd(id);
        return 0;
      case NGHTTP2_DATA:
        if (ended) {
          state.user->OnRequestEnd(id);
          return 0;
        }
        if (frame->hd.length == 0) return Spend(session, state, state.empty_frames);
        return 0;
      case NGHTTP2_RST_STREAM:
        return Spend(session, state, state.resets);
      case NGHTTP2_PING:
      case NGHTTP2_SETTINGS:
      case NGHTTP2_PRIORITY:
        return Spend(session, state, state.empty_frames);
      default:
        return 0;
    }
  }

  static int Spend(nghttp2_session* session, State& state, Allowance& allowance) {
    if (allowance.Spend(state.now_us)) return 0;
    return nghttp2_session_terminate_session(session, NGHTTP2_ENHANCE_YOUR_CALM);
  }

  static int BeginRequest(State& state, StreamId id, bool ended) {
    const auto found = state.incoming.find(id);
    if (found == state.incoming.end()) return 0;
    State::Incoming one = std::move(found->second);
    state.incoming.erase(found);
    if (one.bad) {
      return nghttp2_submit_rst_stream(state.session.get(), NGHTTP2_FLAG_NONE, id,
                                       NGHTTP2_PROTOCOL_ERROR);
    }
    state.user->OnRequest(id, std::move(one.request), ended);
    return 0;
  }

  static int OnData(nghttp2_session* /*session*/, std::uint8_t /*flags*/, StreamId id,
                    const std::uint8_t* data, std::size_t size, void* self) {
    Of(self).user->OnData(id, View(data, size));
    return 0;
  }

  static int OnClose(nghttp2_session* /*session*/, StreamId id, std::uint32_t /*code*/,
                     void* self) {
    Of(self).incoming.erase(id);
    Of(self).user->OnClosed(id);
    return 0;
  }

  static ssize_t OnRead(nghttp2_session* /*session*/, StreamId id, std::uint8_t* room,
                        std::size_t size, std::uint32_t* flags, nghttp2_data_source* /*source*/,
                        void* self) {
    bool end = false;
    const std::size_t got = Of(self).user->ReadBody(id, {reinterpret_cast<char*>(room), size}, end);
    if (end) *flags |= NGHTTP2_DATA_FLAG_EOF;
    if (got == 0 && !end) return NGHTTP2_ERR_DEFERRED;
    return static_cast<ssize_t>(got);
  }
};

Http2Connection::Http2Connection() : state_(std::make_unique<State>()) {}

Http2Connection::~Http2Connection() = default;

Result<std::unique_ptr<Http2Connection>> Http2Connection::Make(User& user) {
  std::unique_ptr<Http2Connection> out(new Http2Connection);
  out->state_->user = &user;
  nghttp2_session_callbacks* callbacks = nullptr;
  nghttp2_option* options = nullptr;
  nghttp2_session* session = nullptr;
  bool made = nghttp2_session_callbacks_new(&callbacks) == 0 && nghttp2_option_new(&options) == 0;
  if (made) {
    nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, Callbacks::OnBeginHeaders);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, Callbacks::OnHeader);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, Callbacks::OnFrame);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, Callbacks::OnData);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, Callbacks::OnClose);
    nghttp2_option_set_no_auto_window_update(options, 1);
    made = nghttp2_session_server_new2(&session, callbacks, out->state_.get(), options) == 0;
  }
  nghttp2_session_callbacks_del(callbacks);
  nghttp2_option_del(options);
  out->state_->session.reset(session);
  const nghttp2_settings_entry settings[] = {
      {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, kMostStreams},
      {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, kMostHeadBytes},
  };
  if (!made ||
      nghttp2_submit_settings(session, NGHTTP2_FLAG_NONE, settings, std::size(settings)) != 0) {
    return Fail(ErrorCode::kSystem, "cannot set up HTTP/2");
  }
  return out;
}

bool Http2Connection::Receive(std::string_view bytes, std::uint64_t now_us) {
  state_->now_us = now_us;
  const auto* const data = reinterpret_cast<const std::uint8_t*>(bytes.data());
  const ssize_t used = nghttp2_session_mem_recv(state_->session.get(), data, bytes.size());
  return used == static_cast<ssize_t>(bytes.size());
}

void Http2Connection::TakeOutput(Buffer& out, std::size_t most) {
  while (out.size() < most) {
    const std::uint8_t* data = nullptr;
    const ssize_t size = nghttp2_session_mem_send(state_->session.get(), &data);
    if (size <= 0) return;
    out.Append(View(data, static_cast<std::size_t>(size)));
  }
}

bool Http2Connection::is_over() const {
  return nghttp2_session_want_read(state_->session.get()) == 0 &&
         nghttp2_session_want_write(state_->session.get()) == 0;
}

void Http2Connection::Respond(StreamId id, int status, Fields fields, bool has_body) {
  const std::string code = std::to_string(status);
  const std::vector<nghttp2_nv> pairs = ToPairs(code, fields);
  nghttp2_data_provider body{};
  body.read_callback = Callbacks::OnRead;
  if (nghttp2_submit_response(state_->session.get(), id, pairs.data(), pairs.size(),
                              has_body ? &body : nullptr) != 0) {
    Reset(id, false);
  }
}

void Http2Connection::RespondInterim(StreamId id, int status, Fields fields) {
  const std::string code = std::to_string(status);
  const std::vector<nghttp2_nv> pairs = ToPairs(code, fields);
  // It may be left out.
  static_cast<void>(nghttp2_submit_headers(state_->session.get(), NGHTTP2_FLAG_NONE, id, nullptr,
                                           pairs.data(), pairs.size(), nullptr));
}

void Http2Connection::Resume(StreamId id) {
  static_cast<void>(nghttp2_session_resume_data(state_->session.get(), id));
}

void Http2Connection::Consumed(StreamId id, std::size_t size) {
  static_cast<void>(nghttp2_session_consume(state_->session.get(), id, size));
}

void Http2Connection::ConsumedByNobody(std::size_t size) {
  if (size > 0) static_cast<void>(nghttp2_session_consume_connection(state_->session.get(), size));
}

void Http2Connection::Reset(StreamId id, bool refused) {
  static_cast<void>(
      nghttp2_submit_rst_stream(state_->session.get(), NGHTTP2_FLAG_NONE, id,
                                refused ? NGHTTP2_REFUSED_STREAM : NGHTTP2_INTERNAL_ERROR));
}

void Http2Connection::GoAway() {
  static_cast<void>(nghttp2_session_terminate_session(state_->session.get(), NGHTTP2_NO_ERROR));
}

}  // namespace ambit::proxy
