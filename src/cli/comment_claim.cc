#include "cli/comment_claim.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <span>

#include "base/ascii.h"

namespace ambit::cli {
namespace {

using Kind = CommentClaim::Kind;
using Words = std::span<const std::string_view>;

struct Phrase {
  Kind kind;
  std::array<std::string_view, 2> words;  ///< The second one may be empty.
};

/// The first to match has its words: "not read-only" is none of "not read".
constexpr Phrase kPhrases[] = {
    {Kind::kReadOnly, {"read", "only"}},    {Kind::kReadOnly, {"readonly", ""}},
    {Kind::kReadOnly, {"only", "read"}},    {Kind::kReadOnly, {"only", "reads"}},
    {Kind::kReadOnly, {"no", "write"}},     {Kind::kReadOnly, {"no", "writes"}},
    {Kind::kReadOnly, {"no", "writing"}},   {Kind::kReadOnly, {"not", "write"}},
    {Kind::kReadOnly, {"not", "writable"}}, {Kind::kReadOnly, {"never", "write"}},
    {Kind::kNothing, {"no", "access"}},     {Kind::kNothing, {"no", "read"}},
    {Kind::kNothing, {"not", "read"}},      {Kind::kNothing, {"not", "readable"}},
    {Kind::kNothing, {"never", "read"}},    {Kind::kNothing, {"not", "allowed"}},
    {Kind::kNothing, {"off", "limits"}},    {Kind::kNothing, {"deny", ""}},
    {Kind::kNothing, {"denied", ""}},       {Kind::kNothing, {"blocked", ""}},
    {Kind::kNothing, {"forbidden", ""}},
};

/// Words that turn a whole comment into something that is no plain statement.
constexpr std::string_view kTurningComment[] = {
    "but",   "except",    "excepting", "unless",  "though", "although", "apart",
    "aside", "otherwise", "instead",   "however", "else",   "rest",     "despite"};

/// Words that do so for their sentence.
constexpr std::string_view kTurningSentence[] = {
    "not",     "no",     "never", "longer", "was",    "were",    "would",  "than",
    "without", "if",     "when",  "until",  "while",  "below",   "above",  "under",
    "inside",  "within", "other", "others", "before", "earlier", "beside", "used"};

constexpr std::string_view kWriting[] = {"write", "writes", "writable", "writing", "written"};
constexpr std::string_view kOpening[] = {"read",   "reads",    "readable", "write",
                                         "writes", "allow",    "open",     "allowed",
                                         "grants", "writable", "writing",  "written"};
constexpr std::string_view kNegations[] = {"cannot", "can't",   "don't",     "doesn't", "isn't",
                                           "aren't", "mustn't", "shouldn't", "won't"};

/// Longer sentences with a word like "denied" tell of something else more often than not.
constexpr std::size_t kLongestDenial = 6;

bool IsIn(std::span<const std::string_view> words, std::string_view word) {
  return std::ranges::find(words, word) != words.end();
}

struct Token {
  std::string word;          ///< In lower case; as written for a path or host.
  std::string_view written;  ///< Without what stands around it.
  bool is_place = false;     ///< A path or a host.
  bool part_of_phrase = false;
};

using Sentence = std::vector<Token>;

bool IsPlace(std::string_view word) {
  if (word.contains("://")) return false;
  if (word.contains('/')) return true;
  const std::size_t dot = word.find('.');
  return dot != std::string_view::npos && dot > 0 && dot + 1 < word.size();
}

/// Takes a comment apart into words.
class Reader {
 public:
  std::vector<Sentence> Read(std::string_view text) {
    while (!text.empty()) {
      const std::size_t end = std::min(text.find_first_of(" \t\r\n"), text.size());
      if (end > 0) Add(text.substr(0, end));
      text.remove_prefix(std::min(end + 1, text.size()));
    }
    EndSentence();
    return std::move(sentences_);
  }

 private:
  void Add(std::string_view word) {
    constexpr std::string_view kBefore = "([<\"'`";
    constexpr std::string_view kAfter = ")]>\"'`,;:.!";
    word.remove_prefix(std::min(word.find_first_not_of(kBefore), word.size()));
    const std::string_view whole = word;
    word = word.substr(0, word.find_last_not_of(kAfter) + 1);
    if (!word.empty()) AddWord(word);
    if (whole.substr(word.size()).find_first_of(";.!") != std::string_view::npos) EndSentence();
  }

  void AddWord(std::string_view word) {
    if (IsPlace(word)) {
      now_.push_back({std::string(word), word, true});
      return;
    }
    const std::size_t dash = word.find('-');
    if (dash != std::string_view::npos) {
      if (dash > 0) AddWord(word.substr(0, dash));
      if (dash + 1 < word.size()) AddWord(word.substr(dash + 1));
      return;
    }
    std::string lower = Lowered(word);
    if (IsIn(kNegations, lower)) lower = "not";
    now_.push_back({std::move(lower), word});
  }

  void EndSentence() {
    if (!now_.empty()) sentences_.push_back(std::move(now_));
    now_.clear();
  }

  Sentence now_;
  std::vector<Sentence> sentences_;
};

/// The text from one token to another of the same comment.
std::string Between(const Token& first, const Token& last) {
  return {first.written.data(), last.written.data() + last.written.size()};
}

/// The claims of one sentence.
class SentenceClaims {
 public:
  explicit SentenceClaims(Sentence sentence) : sentence_(std::move(sentence)) {}

  std::vector<CommentClaim> Find() {
    for (const Phrase& phrase : kPhrases) FindPhrase(phrase);
    if (HasOther(kTurningSentence)) return {};
    if (found_) Keep();
    FindOnly();
    return std::move(claims_);
  }

 private:
  void FindPhrase(const Phrase& phrase) {
    const std::size_t more = phrase.words[1].empty() ? 0 : 1;
    for (std::size_t at = 0; at + more < sentence_.size(); ++at) {
      Token& first = sentence_[at];
      Token& last = sentence_[at + more];
      if (first.part_of_phrase || last.part_of_phrase || first.word != phrase.words[0] ||
          (more != 0 && last.word != phrase.words[1])) {
        continue;
      }
      first.part_of_phrase = last.part_of_phrase = true;
      // What allows least is what is claimed.
      if (found_ && found_->kind == Kind::kNothing) continue;
      found_ = CommentClaim{phrase.kind, Between(first, last), "", false};
    }
  }

  [[nodiscard]] bool HasOther(Words words) const {
    return std::ranges::any_of(sentence_, [words](const Token& token) {
      return !token.part_of_phrase && IsIn(words, token.word);
    });
  }

  void Keep() {
    const bool denies = found_->kind == Kind::kNothing;
    if (denies ? sentence_.size() > kLongestDenial || HasOther(kOpening) : HasOther(kWriting)) {
      return;
    }
    const auto place = std::ranges::find(sentence_, true, &Token::is_place);
    if (place != sentence_.end()) found_->object = place->word;
    claims_.push_back(*std::move(found_));
  }

  [[nodiscard]] bool IsOnly(std::size_t at) const {
    return at < sentence_.size() && !sentence_[at].part_of_phrase &&
           (sentence_[at].word == "only" || sentence_[at].word == "just");
  }

  void FindOnly() {
    for (std::size_t at = 0; at < sentence_.size(); ++at) {
      if (!sentence_[at].is_place) continue;
      const std::size_t first = at > 0 && IsOnly(at - 1) ? at - 1 : at;
      const std::size_t last = IsOnly(at + 1) ? at + 1 : at;
      if (first == last && sentence_.size() > 1) continue;
      claims_.push_back({Kind::kOnlyThis, Between(sentence_[first], sentence_[last]),
                         sentence_[at].word, HasOther(kWriting)});
    }
  }

  Sentence sentence_;
  std::optional<CommentClaim> found_;
  std::vector<CommentClaim> claims_;
};

}  // namespace

std::vector<CommentClaim> ClaimsOf(std::string_view comment) {
  if (comment.contains('=')) return {};
  std::vector<Sentence> sentences = Reader().Read(comment);
  for (const Sentence& sentence : sentences) {
    for (const Token& token : sentence) {
      if (IsIn(kTurningComment, token.word)) return {};
    }
  }
  std::vector<CommentClaim> out;
  for (Sentence& sentence : sentences) {
    for (CommentClaim& claim : SentenceClaims(std::move(sentence)).Find()) {
      out.push_back(std::move(claim));
    }
  }
  return out;
}

}  // namespace ambit::cli
