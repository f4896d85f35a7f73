#include "base/ip_address.h"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <limits>

namespace ambit {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

/// All of `text` as an unsigned number of `base`, at most `limit`.
std::optional<std::uint32_t> ParseNumber(std::string_view text, int base, std::uint32_t limit) {
  std::uint32_t value = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value, base);
  if (error != std::errc() || stop != end || value > limit) return std::nullopt;
  return value;
}

/// One part of the inet_aton forms: 0x… is hexadecimal, 0… octal.
std::optional<std::uint32_t> ParseLoosePart(std::string_view part) {
  constexpr std::uint32_t kMost = std::numeric_limits<std::uint32_t>::max();
  if (part.starts_with("0x") || part.starts_with("0X")) {
    return ParseNumber(part.substr(2), 16, kMost);
  }
  if (part.size() > 1 && part.starts_with('0')) return ParseNumber(part.substr(1), 8, kMost);
  return ParseNumber(part, 10, kMost);
}

/// Splits at the first `mark`; the rest is empty when there is none.
std::pair<std::string_view, std::string_view> Split(std::string_view text, char mark) {
  const std::size_t at = text.find(mark);
  if (at == std::string_view::npos) return {text, {}};
  return {text.substr(0, at), text.substr(at + 1)};
}

/// Writes the 16-bit groups of `text` (RFC 4291 without "::") to the front of `out`; a dotted quad
/// at the end counts as two. Returns how many, or nullopt.
std::optional<std::size_t> ParseGroups(std::string_view text, std::span<std::uint16_t, 8> out) {
  std::size_t count = 0;
  if (text.empty()) return count;
  while (true) {
    const std::size_t colon = text.find(':');
    const std::string_view group = text.substr(0, colon);
    const bool last = colon == std::string_view::npos;
    if (last && group.find('.') != std::string_view::npos) {
      const auto quad = ParseIpv4(group);
      if (!quad || count + 2 > out.size()) return std::nullopt;
      out[count] = static_cast<std::uint16_t>(quad->v4() >> 16);
      out[count + 1] = static_cast<std::uint16_t>(quad->v4() & 0xffff);
      return count + 2;
    }
    if (group.empty() || group.size() > 4 || count == out.size()) return std::nullopt;
    const auto value = ParseNumber(group, 16, 0xffff);
    if (!value) return std::nullopt;
    out[count++] = static_cast<std::uint16_t>(*value);
    if (last) return count;
    text.remove_prefix(colon + 1);
  }
}

/// The longest run of at least two zero groups as [first, last), or an empty range.
std::pair<std::size_t, std::size_t> LongestZeros(std::span<const std::uint16_t, 8> groups) {
  std::pair<std::size_t, std::size_t> best{0, 0};
  for (std::size_t first = 0; first < groups.size(); ++first) {
    std::size_t last = first;
    while (last < groups.size() && groups[last] == 0) ++last;
    if (last - first >= 2 && last - first > best.second - best.first) best = {first, last};
  }
  return best;
}

void AppendHex(std::string& out, std::uint16_t value) {
  char digits[4];
  const auto end = std::to_chars(std::begin(digits), std::end(digits), value, 16).ptr;
  out.append(digits, end);
}

std::string Ipv6Text(std::span<const std::uint8_t> bytes) {
  std::array<std::uint16_t, 8> groups{};
  for (std::size_t i = 0; i < groups.size(); ++i) {
    groups[i] = static_cast<std::uint16_t>(bytes[2 * i] << 8 | bytes[2 * i + 1]);
  }
  const auto [first, last] = LongestZeros(groups);
  std::string out;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    if (i == first && last > first) {
      out += "::";
      i = last - 1;
      continue;
    }
    if (!out.empty() && !out.ends_with(':')) out += ':';
    AppendHex(out, groups[i]);
  }
  return out;
}

}  // namespace

IpAddress IpAddress::V4(std::uint32_t host_order) {
  IpAddress out;
  for (std::size_t i = 0; i < 4; ++i) {
    out.bytes_[i] = static_cast<std::uint8_t>(host_order >> (24 - 8 * i));
  }
  return out;
}

IpAddress IpAddress::V6(std::span<const std::uint8_t, 16> bytes) {
  constexpr std::array<std::uint8_t, 12> kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  IpAddress out;
  if (std::ranges::equal(bytes.first<12>(), kMapped)) {
    std::ranges::copy(bytes.last<4>(), out.bytes_.begin());
    return out;
  }
  out.v6_ = true;
  std::ranges::copy(bytes, out.bytes_.begin());
  return out;
}

std::uint32_t IpAddress::v4() const {
  return static_cast<std::uint32_t>(bytes_[0]) << 24 | static_cast<std::uint32_t>(bytes_[1]) << 16 |
         static_cast<std::uint32_t>(bytes_[2]) << 8 | bytes_[3];
}

std::span<const std::uint8_t> IpAddress::bytes() const {
  return std::span(bytes_).first(v6_ ? 16 : 4);
}

std::string IpAddress::Text() const {
  if (v6_) return Ipv6Text(bytes());
  std::string out;
  for (std::size_t i = 0; i < 4; ++i) {
    if (i != 0) out += '.';
    out += std::to_string(bytes_[i]);
  }
  return out;
}

std::optional<IpAddress> ParseIpv4(std::string_view text) {
  std::uint32_t value = 0;
  for (int part = 0; part < 4; ++part) {
    const std::size_t dot = text.find('.');
    if ((dot == std::string_view::npos) != (part == 3)) return std::nullopt;
    const std::string_view digits = text.substr(0, dot);
    if (digits.empty() || digits.size() > 3 || !std::ranges::all_of(digits, IsDigit)) {
      return std::nullopt;
    }
    if (digits.size() > 1 && digits.front() == '0') return std::nullopt;
    const auto number = ParseNumber(digits, 10, 255);
    if (!number) return std::nullopt;
    value = value << 8 | *number;
    if (part < 3) text.remove_prefix(dot + 1);
  }
  return IpAddress::V4(value);
}

std::optional<IpAddress> ParseIpv6(std::string_view text) {
  std::array<std::uint16_t, 8> groups{};
  const std::size_t gap = text.find("::");
  const std::string_view head = text.substr(0, gap);
  const auto count = ParseGroups(head, groups);
  if (!count) return std::nullopt;
  if (gap == std::string_view::npos) {
    if (*count != groups.size()) return std::nullopt;
  } else {
    // A dotted quad may only end the whole text.
    if (head.find('.') != std::string_view::npos) return std::nullopt;
    std::array<std::uint16_t, 8> tail{};
    const auto behind = ParseGroups(text.substr(gap + 2), tail);
    if (!behind || *count + *behind >= groups.size()) return std::nullopt;
    std::copy_n(tail.begin(), *behind, groups.end() - static_cast<std::ptrdiff_t>(*behind));
  }
  std::array<std::uint8_t, 16> bytes{};
  for (std::size_t i = 0; i < groups.size(); ++i) {
    bytes[2 * i] = static_cast<std::uint8_t>(groups[i] >> 8);
    bytes[2 * i + 1] = static_cast<std::uint8_t>(groups[i] & 0xff);
  }
  return IpAddress::V6(bytes);
}

std::optional<IpAddress> ParseIp(std::string_view text) {
  return text.find(':') == std::string_view::npos ? ParseIpv4(text) : ParseIpv6(text);
}

std::optional<IpAddress> ParseInetAton(std::string_view text) {
  std::uint32_t value = 0;
  for (std::uint32_t part = 0; part < 4; ++part) {
    const std::size_t dot = text.find('.');
    const auto number = ParseLoosePart(text.substr(0, dot));
    if (!number) return std::nullopt;
    if (dot == std::string_view::npos) {
      const std::uint32_t left = 32 - 8 * part;  // bits that the last part fills
      if (left < 32 && *number >> left != 0) return std::nullopt;
      return IpAddress::V4(value | *number);
    }
    if (part == 3 || *number > 255) return std::nullopt;
    value |= *number << (24 - 8 * part);
    text.remove_prefix(dot + 1);
  }
  return std::nullopt;
}

bool IpRange::Contains(const IpAddress& address) const {
  if (address.is_v4() != base.is_v4()) return false;
  const auto inside = address.bytes();
  const auto network = base.bytes();
  const std::size_t whole = bits / 8;
  if (!std::ranges::equal(inside.first(whole), network.first(whole))) return false;
  const int rest = bits % 8;
  return rest == 0 || inside[whole] >> (8 - rest) == network[whole] >> (8 - rest);
}

std::string IpRange::Text() const { return base.Text() + '/' + std::to_string(bits); }

std::optional<IpRange> ParseIpRange(std::string_view text) {
  const auto [address, length] = Split(text, '/');
  const auto base = ParseIp(address);
  if (!base || length.empty() || length.size() > 3 || !std::ranges::all_of(length, IsDigit) ||
      (length.size() > 1 && length.front() == '0')) {
    return std::nullopt;
  }
  const bool mapped = base->is_v4() && address.find(':') != std::string_view::npos;
  auto bits = ParseNumber(length, 10, address.find(':') == std::string_view::npos ? 32 : 128);
  if (!bits || (mapped && *bits < 96)) return std::nullopt;
  if (mapped) *bits -= 96;
  std::array<std::uint8_t, 16> cleared{};
  std::ranges::copy(base->bytes(), cleared.begin());
  for (std::size_t i = 0; i < cleared.size(); ++i) {
    const int keep = std::clamp(static_cast<int>(*bits) - static_cast<int>(8 * i), 0, 8);
    cleared[i] = static_cast<std::uint8_t>(cleared[i] & (0xff00 >> keep));
  }
  IpRange range;
  range.bits = static_cast<std::uint8_t>(*bits);
  if (base->is_v4()) {
    range.base = IpAddress::V4(static_cast<std::uint32_t>(cleared[0]) << 24 |
                               static_cast<std::uint32_t>(cleared[1]) << 16 |
                               static_cast<std::uint32_t>(cleared[2]) << 8 | cleared[3]);
  } else {
    range.base = IpAddress::V6(cleared);
  }
  return range;
}

}  // namespace ambit
