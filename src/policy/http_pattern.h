#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace ambit::policy {

/// What a hook compares a part of a request with (network.md 10): "literal:TEXT" or plain TEXT, or
/// "pattern:GLOB", where `*` is any run of bytes, `?` any one, and `\` takes the meaning from the
/// next byte. Compared as bytes; nothing is decoded.
class TextPattern {
 public:
  /// What the pattern is for.
  enum class Use : std::uint8_t {
    kPath,   ///< A literal is a prefix; `*` and `?` do not match "/", `**` does.
    kValue,  ///< The whole value.
  };

  /// Errors: one line without a place, for what is empty or can match nothing, and for brackets and
  /// braces, which mean sets elsewhere and nothing here.
  static Result<TextPattern> Parse(std::string_view written, Use use);

  [[nodiscard]] bool Matches(std::string_view text) const;
  [[nodiscard]] const std::string& written() const { return written_; }

 private:
  /// One byte, any one byte, a run without "/", any run.
  enum class Kind : std::uint8_t { kByte, kOne, kRun, kAnyRun };
  struct Token {
    Kind kind;
    char byte;
  };
  Result<> Compile(std::string_view glob);
  [[nodiscard]] bool MatchesGlob(std::string_view text) const;

  std::string written_;
  std::string literal_;
  std::vector<Token> tokens_;
  Use use_ = Use::kValue;
  bool is_glob_ = false;
};

/// Whether a server may take the path for another one: it has a "." or ".." between slashes,
/// encoded or not.
bool HasDotSegments(std::string_view path);

/// The pairs of a query (application/x-www-form-urlencoded), decoded.
std::vector<std::pair<std::string, std::string>> QueryPairs(std::string_view query);

}  // namespace ambit::policy
