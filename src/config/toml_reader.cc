#include "config/toml_reader.h"

// The parser guards its own steps with assertions that malformed input can reach ("[[[" does). It
// goes on to report such input as an error, which is what we want: never an abort, and never the
// optimiser's licence to assume that it cannot happen.
#undef NDEBUG
#define TOML_ASSERT(expr) static_cast<void>(0)
#define TOML_HEADER_ONLY 1
#define TOML_EXCEPTIONS 0
#define TOML_ENABLE_FORMATTERS 0
#define TOML_MAX_NESTED_VALUES 64
#include <toml++/toml.h>

#include <utility>

#include "base/path_text.h"
#include "config/toml_shape.h"

namespace ambit::config {
namespace {

/// What the parser's description is about, in our words. The first fragment found decides.
struct Wording {
  std::string_view fragment;
  std::string_view text;
};

constexpr Wording kWordings[] = {
    {"utf-8", "the text is not valid UTF-8"},
    {"nested value depth", "values are nested deeper than 64"},
    {"64 bits", "the integer does not fit into 64 bits"},
    {"redefine", "this name is already defined above; define it once"},
    {"cannot insert", "this table is already complete above; add the key there"},
    {"control characters",
     "the string holds a line break or another control character; close the quote"},
    {"escape", "unknown backslash escape; write the text in 'single quotes' to take it as it is"},
    {"surrogate", "a \\u escape must name a character"},
    {"parsing string: encountered end", "the string is never closed"},
    {"literal string: encountered end", "the string is never closed"},
    {"comment or whitespace", "expected the end of the line"},
    {"expected '='", "expected '=' after the key; a key with special characters needs quotes"},
    {"blank bare keys", "expected a name between the brackets"},
    {"parsing table header", "expected a table header: [name] or [[name]] on a line of its own"},
    {"parsing key:", "expected a key: letters, digits, '_' and '-', or a quoted string"},
    {"expected keys", "expected a key or a [table] header"},
    {"parsing array", "expected ',' or ']' in the list"},
    {"parsing inline table", "expected 'key = value' or '}' in the inline table, on one line"},
    {"parsing date", "not a valid date"},
    {"parsing time", "not a valid time"},
    {"integer", "not a valid integer"},
    {"floating-point", "not a valid number"},
    {"boolean", "not a valid value; write true or false"},
    {"value", "expected a value: a quoted string, a number, true, false, [a list] or {a table}"},
};

std::string_view InOurWords(std::string_view description) {
  for (const Wording& wording : kWordings) {
    if (description.find(wording.fragment) != std::string_view::npos) return wording.text;
  }
  return "not valid TOML";
}

/// What stands at `line` and `column` (in characters) of `text`, for a person.
std::string FoundAt(std::string_view text, std::uint32_t line, std::uint32_t column) {
  for (; line > 1; --line) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) return "the end of the file";
    text.remove_prefix(end + 1);
  }
  const auto continues = [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; };
  std::size_t at = 0;
  for (; column > 1 && at < text.size(); --column) {
    for (++at; at < text.size() && continues(text[at]);) ++at;
  }
  if (at >= text.size()) return "the end of the file";
  if (text[at] == '\n' || text[at] == '\r') return "the end of the line";
  std::size_t end = at + 1;
  while (end < text.size() && continues(text[end])) ++end;
  return "'" + Printable(text.substr(at, end - at)) + "'";
}

Error SyntaxError(const toml::parse_error& error, std::string_view text, const std::string& file) {
  const toml::source_position at = error.source().begin;
  std::string message = "syntax error: ";
  message += InOurWords(error.description());
  message += "; found " + FoundAt(text, at.line, at.column);
  return {ErrorCode::kInvalidConfig, std::move(message), 0, {file, at.line, at.column}};
}

/// Copies a parsed text into nodes. Recursion is bounded: CheckTomlShape and
/// TOML_MAX_NESTED_VALUES limit how deep values can lie.
class Converter {
 public:
  explicit Converter(const std::string& file) : file_(std::make_shared<const std::string>(file)) {}

  Node Convert(const toml::node& from) const {
    Node node;
    node.where = At(from.source());
    if (const auto* table = from.as_table()) {
      node.members.reserve(table->size());
      for (const auto& [key, value] : *table) {  // The parser keeps its tables sorted by key.
        node.members.push_back(Member{std::string(key.str()), At(key.source()), Convert(value)});
      }
    } else if (const auto* array = from.as_array()) {
      node.kind = NodeKind::kArray;
      node.items.reserve(array->size());
      for (const toml::node& item : *array) node.items.push_back(Convert(item));
    } else if (const auto* text = from.as_string()) {
      node.kind = NodeKind::kString;
      node.text = text->get();
    } else if (const auto* integer = from.as_integer()) {
      node.kind = NodeKind::kInteger;
      node.integer = integer->get();
    } else if (const auto* real = from.as_floating_point()) {
      node.kind = NodeKind::kFloat;
      node.real = real->get();
    } else if (const auto* boolean = from.as_boolean()) {
      node.kind = NodeKind::kBoolean;
      node.boolean = boolean->get();
    } else {
      node.kind = NodeKind::kDateTime;
    }
    return node;
  }

 private:
  Place At(const toml::source_region& source) const {
    return {file_, source.begin.line, source.begin.column};
  }

  std::shared_ptr<const std::string> file_;
};

}  // namespace

Result<Node> ReadToml(std::string_view text, const std::string& file) {
  AMBIT_CHECK(CheckTomlShape(text, file));
  const toml::parse_result parsed = toml::parse(text, std::string_view(file));
  if (!parsed) return std::unexpected(SyntaxError(parsed.error(), text, file));
  return Converter(file).Convert(parsed.table());
}

}  // namespace ambit::config
