#include "proxy/chunked_body.h"

#include <algorithm>

namespace ambit::proxy {
namespace {

/// No honest sender comes near; without a bound, extensions could go on for ever.
constexpr std::uint32_t kMostOverhead = 16U << 10;
constexpr std::uint64_t kMostSize = std::uint64_t{1} << 56;

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// Bytes that a chunk extension or a trailer may hold.
bool IsText(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte == '\t' || (byte >= 0x20 && byte != 0x7f);
}

}  // namespace

ChunkedBody::At ChunkedBody::TakeSize(char c) {
  if (const int digit = HexDigit(c); digit >= 0) {
    if (left_ >= kMostSize) return At::kBad;
    left_ = left_ * 16 + static_cast<std::uint64_t>(digit);
    return At::kSize;
  }
  if (at_ == At::kSizeStart) return At::kBad;
  if (c == '\r') return At::kSizeFeed;
  return c == ';' ? At::kExtension : At::kBad;
}

ChunkedBody::At ChunkedBody::TakeExtension(char c) {
  if (++overhead_ > kMostOverhead) return At::kBad;
  if (at_ == At::kQuotedPair) return IsText(c) ? At::kQuoted : At::kBad;
  if (at_ == At::kQuoted) {
    if (c == '\\') return At::kQuotedPair;
    if (c == '"') return At::kExtension;
    return IsText(c) ? At::kQuoted : At::kBad;
  }
  if (c == '\r') return At::kSizeFeed;
  if (c == '"') return At::kQuoted;
  return IsText(c) ? At::kExtension : At::kBad;
}

ChunkedBody::At ChunkedBody::TakeTrailer(char c) {
  if (++overhead_ > kMostOverhead) return At::kBad;
  if (c == '\r') return at_ == At::kTrailerStart ? At::kLastFeed : At::kTrailerFeed;
  if (at_ == At::kTrailerStart && (c == ' ' || c == '\t')) return At::kBad;
  has_trailers_ = true;
  return IsText(c) ? At::kTrailer : At::kBad;
}

ChunkedBody::At ChunkedBody::Take(char c) {
  switch (at_) {
    case At::kSizeStart:
    case At::kSize:
      return TakeSize(c);
    case At::kExtension:
    case At::kQuoted:
    case At::kQuotedPair:
      return TakeExtension(c);
    case At::kSizeFeed:
      overhead_ = 0;
      if (c != '\n') return At::kBad;
      return left_ == 0 ? At::kTrailerStart : At::kData;
    case At::kDataReturn:
      return c == '\r' ? At::kDataFeed : At::kBad;
    case At::kDataFeed:
      return c == '\n' ? At::kSizeStart : At::kBad;
    case At::kTrailerStart:
    case At::kTrailer:
      return TakeTrailer(c);
    case At::kTrailerFeed:
      return c == '\n' ? At::kTrailerStart : At::kBad;
    case At::kLastFeed:
      return c == '\n' ? At::kDone : At::kBad;
    case At::kData:
    case At::kDone:
    case At::kBad:
      break;
  }
  return At::kBad;
}

ChunkedBody::Step ChunkedBody::Next(std::string_view bytes) {
  std::size_t used = 0;
  while (at_ != At::kBad && at_ != At::kDone) {
    if (used == bytes.size()) return {State::kMore, used, {}};
    if (at_ == At::kData) {
      const std::size_t take =
          static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size() - used));
      left_ -= take;
      if (left_ == 0) at_ = At::kDataReturn;
      return {State::kData, used + take, bytes.substr(used, take)};
    }
    at_ = Take(bytes[used++]);
  }
  return {at_ == At::kDone ? State::kDone : State::kBad, used, {}};
}

}  // namespace ambit::proxy
