#include "config/table_reader.h"

#include <algorithm>
#include <utility>

#include "base/path_text.h"

namespace ambit::config {
namespace {

bool IsBareKey(std::string_view key) {
  return !key.empty() && std::ranges::all_of(key, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
  });
}

}  // namespace

std::string QuoteKey(std::string_view key) {
  return IsBareKey(key) ? std::string(key) : "\"" + Printable(key) + "\"";
}

std::string ChildPath(std::string_view path, std::string_view key) {
  return path.empty() ? QuoteKey(key) : std::string(path) + "." + QuoteKey(key);
}

std::string ListWords(std::span<const std::string_view> words) {
  std::string out;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0) out += i + 1 == words.size() ? " or " : ", ";
    out += "\"" + std::string(words[i]) + "\"";
  }
  return out;
}

std::string Suggestion(std::string_view word, std::span<const std::string_view> known,
                       std::string otherwise) {
  if (word.empty()) return otherwise;
  const std::string_view near = NearestWord(word, {known.begin(), known.end()});
  if (near.empty()) return otherwise;
  return "; did you mean '" + std::string(near) + "'?";
}

std::unexpected<Error> WrongType(const std::string& name, std::string_view wanted,
                                 const Node& found) {
  return Fail(
      ErrorCode::kInvalidConfig,
      name + " must be " + std::string(wanted) + ", not " + std::string(KindName(found.kind)),
      found.where.Ref());
}

Result<std::string> ReadWord(const Node& node, const std::string& name,
                             std::span<const std::string_view> words) {
  if (!node.Is(NodeKind::kString)) return WrongType(name, ListWords(words), node);
  if (std::ranges::find(words, std::string_view(node.text)) == words.end()) {
    return Fail(ErrorCode::kInvalidConfig,
                name + " must be " + ListWords(words) + ", not '" + Printable(node.text) + "'",
                node.where.Ref());
  }
  return node.text;
}

Result<bool> ReadBoolean(const Node& node, const std::string& name) {
  if (!node.Is(NodeKind::kBoolean)) return WrongType(name, "true or false", node);
  return node.boolean;
}

std::string TableReader::Name(std::string_view key) const {
  std::string name = "'" + Printable(key) + "'";
  if (!path_.empty()) name += " in [" + path_ + "]";
  return name;
}

Result<std::optional<TableReader>> TableReader::Table(std::string_view key) const {
  const Node* node = node_->Find(key);
  if (!node) return std::nullopt;
  if (!node->Is(NodeKind::kTable)) return WrongType(Name(key), "a table", *node);
  return TableReader(*node, ChildPath(path_, key));
}

Result<std::optional<Placed<bool>>> TableReader::Boolean(std::string_view key) const {
  const Node* node = node_->Find(key);
  if (!node) return std::nullopt;
  AMBIT_TRY(const bool value, ReadBoolean(*node, Name(key)));
  return Placed<bool>{value, node->where.Ref()};
}

Result<std::optional<Placed<std::string>>> TableReader::String(std::string_view key) const {
  const Node* node = node_->Find(key);
  if (!node) return std::nullopt;
  if (!node->Is(NodeKind::kString)) return WrongType(Name(key), "a string", *node);
  return Placed<std::string>{node->text, node->where.Ref()};
}

Result<std::optional<Placed<std::string>>> TableReader::Word(
    std::string_view key, std::span<const std::string_view> words) const {
  const Node* node = node_->Find(key);
  if (!node) return std::nullopt;
  AMBIT_TRY(std::string word, ReadWord(*node, Name(key), words));
  return Placed<std::string>{std::move(word), node->where.Ref()};
}

Result<std::optional<Placed<std::int64_t>>> TableReader::Integer(std::string_view key,
                                                                 std::int64_t least,
                                                                 std::int64_t most) const {
  const Node* node = node_->Find(key);
  if (!node) return std::nullopt;
  if (!node->Is(NodeKind::kInteger)) return WrongType(Name(key), "an integer", *node);
  if (node->integer < least || node->integer > most) {
    std::string wanted = " must be an integer of at least " + std::to_string(least);
    if (most != std::numeric_limits<std::int64_t>::max()) {
      wanted = " must be an integer from " + std::to_string(least) + " to " + std::to_string(most);
    }
    return Fail(ErrorCode::kInvalidConfig,
                Name(key) + wanted + ", not " + std::to_string(node->integer), node->where.Ref());
  }
  return Placed<std::int64_t>{node->integer, node->where.Ref()};
}

Result<std::span<const Node>> TableReader::List(std::string_view key) const {
  const Node* node = node_->Find(key);
  if (!node) return std::span<const Node>();
  if (!node->Is(NodeKind::kArray)) return WrongType(Name(key), "a list", *node);
  return std::span<const Node>(node->items);
}

Result<std::vector<Placed<std::string>>> TableReader::Strings(std::string_view key) const {
  const Node* node = node_->Find(key);
  std::vector<Placed<std::string>> strings;
  if (!node) return strings;
  if (!node->Is(NodeKind::kArray)) return WrongType(Name(key), "a list of strings", *node);
  for (const Node& item : node->items) {
    if (!item.Is(NodeKind::kString)) return WrongType(Name(key), "a list of strings", item);
    strings.push_back({item.text, item.where.Ref()});
  }
  return strings;
}

Result<> TableReader::RefuseUnknown(std::span<const std::string_view> known) const {
  for (const Member& member : node_->members) {
    if (std::ranges::find(known, std::string_view(member.key)) != known.end()) continue;
    std::string keys = "; known keys are ";
    for (std::size_t i = 0; i < known.size(); ++i) {
      if (i > 0) keys += i + 1 == known.size() ? " and " : ", ";
      keys += known[i];
    }
    return Fail(ErrorCode::kInvalidConfig,
                "unknown key " + Name(member.key) + Suggestion(member.key, known, std::move(keys)),
                member.key_place.Ref());
  }
  return {};
}

}  // namespace ambit::config
