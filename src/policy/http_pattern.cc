#include "policy/http_pattern.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/path_text.h"

namespace ambit::policy {
namespace {

constexpr std::string_view kLiteral = "literal:";
constexpr std::string_view kPattern = "pattern:";

std::unexpected<Error> Refuse(std::string_view written, std::string_view problem) {
  return Fail(ErrorCode::kInvalidConfig, fmt::format("'{}' {}", Printable(written), problem));
}

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// The byte that `%XX` at the start of `text` stands for, or -1.
int Escaped(std::string_view text) {
  if (text.size() < 3 || text[0] != '%') return -1;
  const int high = HexDigit(text[1]);
  const int low = HexDigit(text[2]);
  return high < 0 || low < 0 ? -1 : high * 16 + low;
}

std::string Decode(std::string_view text, bool plus_is_blank) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const int byte = Escaped(text.substr(i));
    if (byte >= 0) {
      out += static_cast<char>(byte);
      i += 2;
    } else {
      out += plus_is_blank && text[i] == '+' ? ' ' : text[i];
    }
  }
  return out;
}

}  // namespace

Result<TextPattern> TextPattern::Parse(std::string_view written, Use use) {
  TextPattern out;
  out.written_ = written;
  out.use_ = use;
  out.is_glob_ = written.starts_with(kPattern);
  std::string_view text = written;
  if (out.is_glob_) {
    text.remove_prefix(kPattern.size());
  } else if (text.starts_with(kLiteral)) {
    text.remove_prefix(kLiteral.size());
  }
  if (text.empty() && (use == Use::kPath || out.is_glob_)) {
    return Refuse(written,
                  "is empty, which matches nothing anybody means; write \"/\" for every "
                  "path");
  }
  const bool anywhere = out.is_glob_ && text.starts_with("**");
  if (use == Use::kPath && !text.starts_with('/') && !anywhere) {
    return Refuse(written, "matches no path: every path begins with \"/\"");
  }
  out.literal_ = text;
  if (out.is_glob_) AMBIT_CHECK(out.Compile(text));
  return out;
}

Result<> TextPattern::Compile(std::string_view glob) {
  for (std::size_t i = 0; i < glob.size(); ++i) {
    const char c = glob[i];
    if (c == '*') {
      const bool twice = i + 1 < glob.size() && glob[i + 1] == '*';
      if (twice) ++i;
      tokens_.push_back({twice || use_ == Use::kValue ? Kind::kAnyRun : Kind::kRun, 0});
    } else if (c == '?') {
      tokens_.push_back({Kind::kOne, 0});
    } else if (c == '\\') {
      if (++i == glob.size()) return Refuse(written_, "ends with '\\'; write '\\\\' for one");
      tokens_.push_back({Kind::kByte, glob[i]});
    } else if (std::string_view("[]{}").find(c) != std::string_view::npos) {
      return Refuse(written_, fmt::format("has '{0}', which patterns here do not know; write "
                                          "'\\{0}' for the character",
                                          c));
    } else {
      tokens_.push_back({Kind::kByte, c});
    }
  }
  return {};
}

/// Follows all ways to read the pattern at once, so that no text makes it slow.
bool TextPattern::MatchesGlob(std::string_view text) const {
  const std::size_t end = tokens_.size();
  const auto is_run = [this](std::size_t at) {
    return tokens_[at].kind == Kind::kRun || tokens_[at].kind == Kind::kAnyRun;
  };
  std::vector<bool> now(end + 1), next(end + 1);
  const auto reach = [&](std::vector<bool>& states, std::size_t at) {
    states[at] = true;
    for (; at < end && is_run(at); ++at) states[at + 1] = true;
  };
  reach(now, 0);
  for (const char c : text) {
    std::fill(next.begin(), next.end(), false);
    const bool slash = use_ == Use::kPath && c == '/';
    for (std::size_t at = 0; at < end; ++at) {
      if (!now[at]) continue;
      const Token& token = tokens_[at];
      switch (token.kind) {
        case Kind::kByte:
          if (token.byte == c) reach(next, at + 1);
          break;
        case Kind::kOne:
          if (!slash) reach(next, at + 1);
          break;
        case Kind::kRun:
          if (!slash) reach(next, at);
          break;
        case Kind::kAnyRun:
          reach(next, at);
          break;
      }
    }
    std::swap(now, next);
  }
  return now[end];
}

bool TextPattern::Matches(std::string_view text) const {
  if (is_glob_) return MatchesGlob(text);
  return use_ == Use::kPath ? text.starts_with(literal_) : text == literal_;
}

bool HasDotSegments(std::string_view path) {
  // Some servers decode before they take the path apart, and some take "\" for "/" and what
  // follows ";" for a parameter.
  std::string plain = Decode(path, false);
  std::ranges::replace(plain, '\\', '/');
  std::string_view rest = plain;
  for (;;) {
    const std::size_t slash = rest.find('/');
    const std::string_view segment = rest.substr(0, slash);
    const std::string_view name = segment.substr(0, segment.find(';'));
    if (name == "." || name == "..") return true;
    if (slash == std::string_view::npos) return false;
    rest.remove_prefix(slash + 1);
  }
}

std::vector<std::pair<std::string, std::string>> QueryPairs(std::string_view query) {
  std::vector<std::pair<std::string, std::string>> out;
  while (!query.empty()) {
    const std::size_t end = std::min(query.find('&'), query.size());
    const std::string_view pair = query.substr(0, end);
    const std::size_t equals = std::min(pair.find('='), pair.size());
    if (!pair.empty()) {
      out.emplace_back(Decode(pair.substr(0, equals), true),
                       Decode(pair.substr(std::min(equals + 1, pair.size())), true));
    }
    query.remove_prefix(std::min(end + 1, query.size()));
  }
  return out;
}

}  // namespace ambit::policy
