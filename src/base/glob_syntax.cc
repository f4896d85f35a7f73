#include "base/glob_syntax.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <span>
#include <string>

#include "base/path_text.h"
#include "base/utf8.h"

namespace ambit::glob {
namespace {

using Kind = Token::Kind;

// Bounds what a hostile pattern can cost; people's patterns stay far below both.
constexpr std::size_t kMaxSpellings = 1024;
constexpr std::size_t kMaxBraceDepth = 32;

std::unexpected<Error> Bad(std::string_view pattern, std::string_view problem) {
  return Fail(ErrorCode::kInvalidConfig,
              "pattern '" + Printable(pattern) + "' " + std::string(problem));
}

/// Cuts a pattern into tokens.
class Lexer {
 public:
  explicit Lexer(std::string_view pattern) : pattern_(pattern), rest_(pattern) {}

  Result<Tokens> Run() {
    while (!rest_.empty()) {
      AMBIT_CHECK(Next());
    }
    if (open_braces_ != 0) {
      return Bad(pattern_, "has a '{' that is never closed; close it, or write '\\{' for a brace");
    }
    return std::move(out_);
  }

 private:
  void Add(Kind kind) { out_.push_back({kind, false, 0, {}}); }

  void AddCharacter() {
    const Utf8Character next = DecodeUtf8(rest_);
    out_.push_back({Kind::kCharacter, false, next.code, {}});
    rest_.remove_prefix(next.length);
  }

  void AddAndSkip(Kind kind) {
    Add(kind);
    rest_.remove_prefix(1);
  }

  Result<> Next() {
    switch (rest_.front()) {
      case '*':
        AddStars();
        return {};
      case '?':
        AddAndSkip(Kind::kAnyOne);
        return {};
      case '/':
        AddAndSkip(Kind::kSlash);
        return {};
      case '\\':
        return AddEscaped();
      case '[':
        return AddSet();
      case '{':
        AddAndSkip(Kind::kOpen);
        if (++open_braces_ > kMaxBraceDepth) return Bad(pattern_, "nests braces too deeply");
        return {};
      case ',':
        if (open_braces_ == 0) break;
        AddAndSkip(Kind::kComma);
        return {};
      case '}':
        if (open_braces_ == 0) break;
        AddAndSkip(Kind::kClose);
        --open_braces_;
        return {};
      default:
        break;
    }
    AddCharacter();
    return {};
  }

  void AddStars() {
    const std::size_t count = std::min(rest_.find_first_not_of('*'), rest_.size());
    Add(count == 2 ? Kind::kDoubleRun : Kind::kAnyRun);
    rest_.remove_prefix(count);
  }

  Result<> AddEscaped() {
    rest_.remove_prefix(1);
    if (rest_.empty()) return Bad(pattern_, "ends in a lone '\\'; write '\\\\' for a backslash");
    if (rest_.front() == '/') {
      AddAndSkip(Kind::kSlash);
    } else {
      AddCharacter();
    }
    return {};
  }

  /// The text between the brackets `rest_` starts with; nullopt when nothing closes them. A `]`
  /// that comes first is a member.
  [[nodiscard]] std::optional<std::string_view> SetBody() const {
    std::size_t start = 1;
    if (rest_.size() > 1 && (rest_[1] == '!' || rest_[1] == '^')) ++start;
    const std::size_t close = rest_.find(']', start + 1);
    if (close == std::string_view::npos) return std::nullopt;
    return rest_.substr(1, close - 1);
  }

  Result<> AddSet() {
    const std::optional<std::string_view> found = SetBody();
    if (!found) {
      AddCharacter();
      return {};
    }
    std::string_view body = *found;
    rest_.remove_prefix(body.size() + 2);
    if (body.contains('/')) {
      return Bad(pattern_, "has a '/' between '[' and ']'; write '[[]' for a bracket");
    }
    Token set{Kind::kSet, body.front() == '!' || body.front() == '^', 0, {}};
    if (set.negated) body.remove_prefix(1);
    while (!body.empty()) {
      const std::uint32_t first = Take(body);
      std::uint32_t last = first;
      if (body.size() > 1 && body.front() == '-') {
        body.remove_prefix(1);
        last = Take(body);
      }
      if (last < first) {
        return Bad(pattern_, "has a range that runs backwards; put the smaller character first");
      }
      set.ranges.push_back({first, last});
    }
    out_.push_back(std::move(set));
    return {};
  }

  static std::uint32_t Take(std::string_view& text) {
    const Utf8Character next = DecodeUtf8(text);
    text.remove_prefix(next.length);
    return next.code;
  }

  std::string_view pattern_;
  std::string_view rest_;
  Tokens out_;
  std::size_t open_braces_ = 0;
};

/// Whether braces reach over a `/` or touch a `**`: then components are known only once the braces
/// are multiplied out over the whole pattern.
bool BracesMakeComponents(std::span<const Token> tokens) {
  const auto is_brace = [](const Token& token) {
    return token.kind == Kind::kOpen || token.kind == Kind::kComma || token.kind == Kind::kClose;
  };
  std::size_t depth = 0;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    if (tokens[i].kind == Kind::kOpen) ++depth;
    if (tokens[i].kind == Kind::kClose) --depth;
    if (tokens[i].kind == Kind::kSlash && depth > 0) return true;
    if (tokens[i].kind != Kind::kDoubleRun) continue;
    if (i > 0 && is_brace(tokens[i - 1])) return true;
    if (i + 1 < tokens.size() && is_brace(tokens[i + 1])) return true;
  }
  return false;
}

/// The parts of a brace group, without the braces; `tokens` starts with kOpen.
std::vector<std::span<const Token>> BraceParts(std::span<const Token> tokens, std::size_t* length) {
  std::vector<std::span<const Token>> parts;
  std::size_t depth = 0;
  std::size_t start = 1;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    if (tokens[i].kind == Kind::kOpen) ++depth;
    const bool closes = tokens[i].kind == Kind::kClose && --depth == 0;
    if (!closes && !(tokens[i].kind == Kind::kComma && depth == 1)) continue;
    parts.push_back(tokens.subspan(start, i - start));
    start = i + 1;
    if (!closes) continue;
    *length = i + 1;
    break;
  }
  return parts;
}

/// Multiplies the braces out; nullopt when that gives more than kMaxSpellings.
std::optional<std::vector<Tokens>> Expand(std::span<const Token> tokens) {
  std::vector<Tokens> out(1);
  while (!tokens.empty()) {
    if (tokens.front().kind != Kind::kOpen) {
      for (Tokens& spelling : out) spelling.push_back(tokens.front());
      tokens = tokens.subspan(1);
      continue;
    }
    std::size_t length = 0;
    std::vector<Tokens> middles;
    for (const std::span<const Token> part : BraceParts(tokens, &length)) {
      std::optional<std::vector<Tokens>> expanded = Expand(part);
      if (!expanded) return std::nullopt;
      std::ranges::move(*expanded, std::back_inserter(middles));
    }
    if (out.size() * middles.size() > kMaxSpellings) return std::nullopt;
    std::vector<Tokens> longer;
    for (const Tokens& head : out) {
      for (const Tokens& middle : middles) {
        longer.push_back(head);
        longer.back().insert(longer.back().end(), middle.begin(), middle.end());
      }
    }
    out = std::move(longer);
    tokens = tokens.subspan(length);
  }
  return out;
}

bool IsDots(const Tokens& spelling) {
  return !spelling.empty() && spelling.size() <= 2 &&
         std::ranges::all_of(spelling, [](const Token& token) {
           return token.kind == Kind::kCharacter && token.code == '.';
         });
}

/// One component from the tokens between two slashes.
Result<Component> MakeComponent(std::string_view pattern, Tokens tokens) {
  if (tokens.size() == 1 && tokens.front().kind == Kind::kDoubleRun) return Component{true, {}};
  for (Token& token : tokens) {
    if (token.kind == Kind::kDoubleRun) token.kind = Kind::kAnyRun;
  }
  std::optional<std::vector<Tokens>> spellings = Expand(tokens);
  if (!spellings) return Bad(pattern, "has too many alternatives in braces; split it");
  if (std::ranges::any_of(*spellings, IsDots)) {
    return Bad(pattern, "has a '.' or '..' component; write the path without it");
  }
  std::erase_if(*spellings, [](const Tokens& spelling) { return spelling.empty(); });
  return Component{false, *std::move(spellings)};
}

Result<Alternative> MakeAlternative(std::string_view pattern, std::span<const Token> tokens) {
  Alternative out;
  while (!tokens.empty()) {
    const auto slash = std::ranges::find(tokens, Kind::kSlash, &Token::kind);
    const auto length = static_cast<std::size_t>(slash - tokens.begin());
    AMBIT_TRY(Component next, MakeComponent(pattern, Tokens(tokens.begin(), slash)));
    tokens = tokens.subspan(std::min(length + 1, tokens.size()));
    // An empty component stands for nothing, as in a path; so does a second `**` in a row.
    if (!next.any_depth && next.spellings.empty()) continue;
    if (next.any_depth && !out.empty() && out.back().any_depth) continue;
    out.push_back(std::move(next));
  }
  if (out.size() > kMaxComponents) return Bad(pattern, "has more than 63 components");
  return out;
}

}  // namespace

Result<std::vector<Alternative>> Parse(std::string_view pattern) {
  AMBIT_TRY(Tokens tokens, Lexer(pattern).Run());
  std::optional<std::vector<Tokens>> whole(std::in_place, 1, tokens);
  if (BracesMakeComponents(tokens)) whole = Expand(tokens);
  if (!whole) return Bad(pattern, "has too many alternatives in braces; split it");
  std::vector<Alternative> out;
  for (const Tokens& one : *whole) {
    AMBIT_TRY(Alternative alternative, MakeAlternative(pattern, one));
    if (!alternative.empty()) out.push_back(std::move(alternative));
  }
  if (out.empty()) return Bad(pattern, "names nothing");
  return out;
}

}  // namespace ambit::glob
