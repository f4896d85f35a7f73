#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "proxy/buffer.h"
#include "proxy/chunked_body.h"
#include "proxy/http_fields.h"

namespace ambit::proxy {

/// The body of a request that has to be there as a whole before any of it is sent on.
class GatheredBody {
 public:
  enum class State : std::uint8_t {
    kMore,      ///< Everything was taken; more has to come.
    kDone,      ///< It is complete.
    kTooLong,   ///< It is longer than permitted.
    kTrailers,  ///< Fields come after it, which would have to go on with it.
    kBad,       ///< Its chunked coding is malformed.
  };

  /// A new body: of `length` bytes with Framing::kLength, else chunked. At most `most` bytes.
  void Begin(Framing framing, std::uint64_t length, std::size_t most);
  /// Takes from the front of `in` what belongs to it.
  State Take(Buffer& in);
  /// What Take said last.
  [[nodiscard]] State state() const { return state_; }
  [[nodiscard]] std::string_view view() const { return body_.view(); }
  /// Gives the memory back.
  void Drop() { body_ = {}; }

 private:
  State TakeLength(Buffer& in);
  State TakeChunks(Buffer& in);

  State state_ = State::kMore;
  Framing framing_ = Framing::kNone;
  std::uint64_t left_ = 0;
  std::size_t most_ = 0;
  ChunkedBody chunks_;
  Buffer body_;
};

}  // namespace ambit::proxy
