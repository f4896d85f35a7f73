#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// The messages of the name service inside the sandbox (RFC 1035 §4): one question comes, at most
/// one address goes back.
namespace ambit::proxy::dns {

enum class Type : std::uint16_t { kA = 1, kAaaa = 28, kAny = 255 };

/// RCODE.
enum class Code : std::uint8_t {
  kOk = 0,
  kFormatError = 1,
  kServerFailure = 2,
  kNoSuchName = 3,
  kNotImplemented = 4,
  kRefused = 5,
};

struct Query {
  std::uint16_t id = 0;
  bool recursion_desired = false;
  std::string name;           ///< Lower case, without the final dot; "" is the root.
  std::uint16_t type = 0;     ///< As in Type, or any other.
  bool extended = false;      ///< The client speaks EDNS(0) (RFC 6891).
  std::string_view question;  ///< The bytes of the question, to be sent back.
};

/// What reading came to. `query` without a value and `code` kOk: not to be answered at all.
struct Parsed {
  std::optional<Query> query;
  Code code = Code::kOk;  ///< With the error, when there is none to decide.
};
/// Reads one query. A response, or what has no header, is not to be answered. Names hold letters,
/// digits, '-' and '_' only; others are a format error.
Parsed ParseQuery(std::string_view bytes);

/// An address in network order: 4 or 16 bytes.
struct Address {
  std::array<std::uint8_t, 16> bytes{};
  std::size_t size = 0;
};
/// The answer to `query`, with one address if there is one. `text` is sent along as the reason of a
/// refusal (RFC 8914, "Prohibited") where the client speaks EDNS(0).
std::string MakeAnswer(const Query& query, Code code, const std::optional<Address>& address,
                       std::uint32_t ttl_seconds, std::string_view text = {});

/// The answer to bytes whose header is all that could be read.
std::string MakeFailure(std::string_view bytes, Code code);

}  // namespace ambit::proxy::dns
