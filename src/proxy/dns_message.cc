#include "proxy/dns_message.h"

#include <algorithm>

#include "base/ascii.h"
#include "policy/destination.h"

namespace ambit::proxy::dns {
namespace {

constexpr std::size_t kHeader = 12;
constexpr std::uint16_t kInternet = 1, kOption = 41;
constexpr std::uint16_t kPayload = 1232;  ///< What we take by UDP: no datagram is cut up.

unsigned Number(std::string_view bytes, std::size_t at) {
  return static_cast<unsigned>(static_cast<unsigned char>(bytes[at])) << 8 |
         static_cast<unsigned char>(bytes[at + 1]);
}

void Put(std::string& out, unsigned value) {
  out += static_cast<char>(value >> 8 & 0xff);
  out += static_cast<char>(value & 0xff);
}

bool IsNameByte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

/// The labels at `at`, joined by dots; moves `at` behind them. A question has no compression.
std::optional<std::string> ReadName(std::string_view bytes, std::size_t& at) {
  std::string name;
  while (at < bytes.size()) {
    const std::size_t length = static_cast<unsigned char>(bytes[at++]);
    if (length == 0) return name;
    if (length > 63 || bytes.size() - at < length) break;
    if (!name.empty()) name += '.';
    if (name.size() + length > policy::kMostNameOctets) break;
    for (const char c : bytes.substr(at, length)) {
      name += Lower(c);
      if (!IsNameByte(name.back())) return std::nullopt;
    }
    at += length;
  }
  return std::nullopt;
}

/// Whether the first record after the question is an OPT record.
bool HasOption(std::string_view bytes, std::size_t at) {
  return Number(bytes, 10) > 0 && bytes.size() - at >= 11 && bytes[at] == 0 &&
         Number(bytes, at + 1) == kOption;
}

std::string Header(std::uint16_t id, bool recursion_desired, unsigned opcode, Code code,
                   unsigned questions, unsigned answers, unsigned additional) {
  std::string out;
  Put(out, id);
  constexpr unsigned kResponse = 0x8000, kDesired = 0x0100, kAvailable = 0x0080;
  Put(out, kResponse | opcode << 11 | (recursion_desired ? kDesired : 0) | kAvailable |
               static_cast<unsigned>(code));
  Put(out, questions);
  Put(out, answers);
  Put(out, 0);
  Put(out, additional);
  return out;
}

/// An OPT record, with an Extended DNS Error when there is a text for it.
void PutOption(std::string& out, std::string_view text) {
  constexpr unsigned kExtendedError = 15, kProhibited = 18;
  constexpr std::size_t kLongestText = 400;
  text = text.substr(0, kLongestText);
  out += '\0';
  Put(out, kOption);
  Put(out, kPayload);
  Put(out, 0);
  Put(out, 0);
  if (text.empty()) return Put(out, 0);
  const auto length = static_cast<unsigned>(text.size());
  Put(out, 6 + length);
  Put(out, kExtendedError);
  Put(out, 2 + length);
  Put(out, kProhibited);
  out += text;
}

}  // namespace

Parsed ParseQuery(std::string_view bytes) {
  constexpr unsigned kResponse = 0x8000, kOpcode = 0x7800, kTruncated = 0x0200;
  if (bytes.size() < kHeader) return {};
  const unsigned flags = Number(bytes, 2);
  if ((flags & kResponse) != 0) return {};
  if ((flags & kOpcode) != 0) return {std::nullopt, Code::kNotImplemented};
  const bool one_question = Number(bytes, 4) == 1 && Number(bytes, 6) == 0 && Number(bytes, 8) == 0;
  if (!one_question || (flags & kTruncated) != 0) return {std::nullopt, Code::kFormatError};
  std::size_t at = kHeader;
  std::optional<std::string> name = ReadName(bytes, at);
  if (!name || bytes.size() - at < 4) return {std::nullopt, Code::kFormatError};
  if (Number(bytes, at + 2) != kInternet) return {std::nullopt, Code::kNotImplemented};
  Query query;
  query.id = static_cast<std::uint16_t>(Number(bytes, 0));
  query.recursion_desired = (flags & 0x0100) != 0;
  query.name = *std::move(name);
  query.type = static_cast<std::uint16_t>(Number(bytes, at));
  query.question = bytes.substr(kHeader, at + 4 - kHeader);
  query.extended = HasOption(bytes, at + 4);
  return {std::move(query), Code::kOk};
}

std::string MakeAnswer(const Query& query, Code code, const std::optional<Address>& address,
                       std::uint32_t ttl_seconds, std::string_view text) {
  std::string out = Header(query.id, query.recursion_desired, 0, code, 1, address ? 1 : 0,
                           query.extended ? 1 : 0);
  out += query.question;
  if (address) {
    constexpr unsigned kNameOfQuestion = 0xc000 | kHeader;
    Put(out, kNameOfQuestion);
    Put(out, static_cast<unsigned>(address->size == 4 ? Type::kA : Type::kAaaa));
    Put(out, kInternet);
    Put(out, ttl_seconds >> 16);
    Put(out, ttl_seconds & 0xffff);
    Put(out, static_cast<unsigned>(address->size));
    out.append(reinterpret_cast<const char*>(address->bytes.data()), address->size);
  }
  if (query.extended) PutOption(out, text);
  return out;
}

std::string MakeFailure(std::string_view bytes, Code code) {
  const unsigned flags = Number(bytes, 2);
  return Header(static_cast<std::uint16_t>(Number(bytes, 0)), (flags & 0x0100) != 0,
                flags >> 11 & 0xf, code, 0, 0, 0);
}

}  // namespace ambit::proxy::dns
