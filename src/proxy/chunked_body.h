#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace ambit::proxy {

/// Takes the chunked transfer coding off a body (RFC 9112 §7.1), piece by piece and without keeping
/// any of it. Chunk extensions and trailers are checked and dropped.
class ChunkedBody {
 public:
  enum class State : std::uint8_t {
    kMore,  ///< Every byte so far was right; more has to come.
    kData,  ///< `data` is the next piece of the body; call again with what follows `used`.
    kDone,  ///< The body has ended after `used` bytes.
    kBad,   ///< Not chunked coding. Nothing after it can be trusted.
  };
  struct Step {
    State state = State::kMore;
    std::size_t used = 0;   ///< How many of the bytes were taken, those of `data` included.
    std::string_view data;  ///< A view into the bytes.
  };
  /// Reads on in `bytes`. With kMore everything has been taken.
  Step Next(std::string_view bytes);
  /// Whether fields have come after the last chunk.
  [[nodiscard]] bool has_trailers() const { return has_trailers_; }

 private:
  enum class At : std::uint8_t {
    kSizeStart,
    kSize,
    kExtension,
    kQuoted,
    kQuotedPair,
    kSizeFeed,
    kData,
    kDataReturn,
    kDataFeed,
    kTrailerStart,
    kTrailer,
    kTrailerFeed,
    kLastFeed,
    kDone,
    kBad
  };
  At Take(char c);
  At TakeSize(char c);
  At TakeExtension(char c);
  At TakeTrailer(char c);

  At at_ = At::kSizeStart;
  std::uint64_t left_ = 0;      ///< Of the current chunk.
  std::uint32_t overhead_ = 0;  ///< Bytes of extensions of this chunk, or of all trailers.
  bool has_trailers_ = false;
};

}  // namespace ambit::proxy
