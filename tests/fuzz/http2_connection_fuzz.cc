// What a client sends over HTTP/2 is read the same in one piece and in pieces. Each request that is
// told becomes exactly one head of HTTP/1.1 with the body it has; no more streams are open and no
// more of a body waits than we permit, whatever is answered.
//
// The first octet is how long a piece is, the second what is answered; then come the frames, after
// the client's preface when the second octet is odd.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "proxy/buffer.h"
#include "proxy/http2_connection.h"
#include "proxy/http2_rewrite.h"
#include "proxy/request_head.h"

namespace {

using namespace ambit;
using namespace ambit::proxy;
using StreamId = Http2Connection::StreamId;

constexpr std::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// The initial window of a stream and of a connection (RFC 9113 §6.9.2), which we leave as it is.
constexpr std::size_t kWindow = 65535;

void Require(bool condition) {
  if (!condition) std::abort();
}

void CheckHead(const Http2Request& request, bool ended) {
  const auto length = std::ranges::count_if(
      request.fields, [](const auto& field) { return field.first == "content-length"; });
  const bool chunked = !ended && length == 0;
  Buffer out;
  RewriteAsHttp1(request, chunked, out);
  std::size_t scanned = 0;
  const HeadEnd end = FindHeadEnd(out.view(), scanned);
  Require(!end.error && end.size == out.size());
  RequestHead head;
  if (ParseRequestHead(out.view(), HeadLimits{1U << 20, 1U << 20, 10'000}, head)) return;
  Require(head.method == request.method);
  Require((head.framing == Framing::kChunked) == chunked);
  Require((head.framing == Framing::kLength) <= (length == 1));
}

/// What a client's bytes have led to.
struct Seen {
  std::string log;  ///< All but the bodies.
  std::map<StreamId, std::string> bodies;
  bool broken = false;  ///< The connection was given up.
};

class Client final : public Http2Connection::User {
 public:
  /// `answer`: which of the things that may be done with a stream are done.
  explicit Client(std::uint8_t answer) : answer_(answer) {
    connection_ = Http2Connection::Make(*this).value();
  }

  bool Give(std::string_view bytes) { return connection_->Receive(bytes, 1); }

  /// What a session does between two pieces.
  void Act() {
    for (const StreamId id : std::exchange(asked_, {})) {
      if (!streams_.contains(id)) continue;
      const std::vector<std::pair<std::string, std::string>> fields = {{"x-a", "b"}};
      if ((answer_ & 2) != 0) connection_->RespondInterim(id, 103, fields);
      if ((answer_ & 4) != 0) connection_->Respond(id, 200, fields, (answer_ & 8) != 0);
      if ((answer_ & 16) != 0) connection_->Reset(id, (answer_ & 8) != 0);
      connection_->Resume(id);
    }
    if ((answer_ & 32) != 0) Consume();
    if ((answer_ & 64) != 0) {
      Buffer out;
      connection_->TakeOutput(out, 64UL << 10);
    }
    if ((answer_ & 128) != 0 && ++acts_ == 8) connection_->GoAway();
    static_cast<void>(connection_->is_over());
  }
  [[nodiscard]] const Seen& seen() const { return seen_; }

 private:
  struct Stream {
    bool ended = false;
    std::size_t waiting = 0, answered = 0;
  };

  void OnRequest(StreamId id, Http2Request request, bool ended) override {
    Require(id > 0 && id % 2 == 1 && !streams_.contains(id));
    CheckHead(request, ended);
    streams_[id].ended = ended;
    Require(streams_.size() <= Http2Connection::kMostStreams);
    asked_.push_back(id);
    seen_.log += "\n" + std::to_string(id) + request.method + " " + request.path;
    for (const auto& [name, value] : request.fields) seen_.log += "\n" + name + ":" + value;
  }
  void OnData(StreamId id, std::string_view piece) override {
    const auto found = streams_.find(id);
    Require(found != streams_.end() && !found->second.ended);
    found->second.waiting += piece.size();
    Require(found->second.waiting <= kWindow);
    seen_.bodies[id] += piece;
  }
  void OnRequestEnd(StreamId id) override {
    const auto found = streams_.find(id);
    Require(found != streams_.end() && !found->second.ended);
    found->second.ended = true;
    seen_.log += "\nend" + std::to_string(id);
  }
  void OnClosed(StreamId id) override {
    // Of a stream that was refused nothing is known.
    const auto found = streams_.find(id);
    if (found == streams_.end()) return;
    connection_->ConsumedByNobody(found->second.waiting);
    streams_.erase(found);
    seen_.log += "\nclosed" + std::to_string(id);
  }
  std::size_t ReadBody(StreamId id, std::span<char> room, bool& end) override {
    const auto found = streams_.find(id);
    Require(found != streams_.end() && !room.empty());
    const std::size_t size = std::min<std::size_t>(room.size(), 100);
    std::fill_n(room.begin(), size, 'b');
    found->second.answered += size;
    end = found->second.answered > 1000;
    return size;
  }
  void Consume() {
    for (auto& [id, stream] : streams_) {
      connection_->Consumed(id, std::exchange(stream.waiting, 0));
    }
  }

  std::uint8_t answer_;
  std::unique_ptr<Http2Connection> connection_;
  std::map<StreamId, Stream> streams_;
  std::vector<StreamId> asked_;
  Seen seen_;
  int acts_ = 0;
};

Seen Run(std::string_view bytes, std::size_t piece, std::uint8_t answer) {
  Client client(answer);
  bool goes_on = (answer & 1) == 0 || client.Give(kPreface);
  while (goes_on && !bytes.empty()) {
    goes_on = client.Give(bytes.substr(0, piece));
    client.Act();
    bytes.remove_prefix(std::min(piece, bytes.size()));
  }
  Seen out = client.seen();
  out.broken = !goes_on;
  return out;
}

void CheckAlike(const Seen& whole, const Seen& slowly) {
  // nghttp2 counts the pieces in which the head of a CONTINUATION comes as so many frames, and
  // gives up after eight.
  if (slowly.broken) return Require(whole.log.starts_with(slowly.log));
  Require(!whole.broken && whole.log == slowly.log);
  for (const auto& [id, body] : slowly.bodies) {
    // Of a body longer than it should be, those pieces are told that are not.
    const auto found = whole.bodies.find(id);
    Require(found == whole.bodies.end() || body.starts_with(found->second));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data + 2), size - 2);
  Run(bytes, std::size_t{data[0]} + 1, data[1]);
  const std::uint8_t passive = data[1] & 1;
  CheckAlike(Run(bytes, bytes.size() + 1, passive), Run(bytes, 1, passive));
  return 0;
}
