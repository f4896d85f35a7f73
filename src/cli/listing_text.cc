#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json_text.h"
#include "base/path_text.h"
#include "cli/listing.h"
#include "cli/report.h"
#include "config/builtins.h"
#include "config/toml_text.h"

namespace ambit::cli {
namespace {

/// How wide a column may get before it stops being aligned.
constexpr std::size_t kWidest = 60;

std::size_t Width(std::size_t width) { return std::min(width, kWidest); }

/// What `deny_mode` is, and whether anybody said so.
std::pair<std::string, bool> DenyMode(const config::Node& table) {
  const config::Node* const files = table.Find("filesystem");
  const config::Node* const mode = files ? files->Find("deny_mode") : nullptr;
  return mode ? std::pair(mode->text, true) : std::pair(std::string("live"), false);
}

std::string JsonRefusal(const Listed& one) {
  return one.refused ? JsonString(ToString(*one.refused)) : "null";
}

std::string JsonHead(const Listed& one) {
  return fmt::format(
      R"("name":{},"origin":{},"from":{},"description":{},"default":{},"refused":{})",
      JsonString(one.name), JsonString(one.origin), JsonString(ToString(one.from)),
      JsonString(one.description), one.is_default, JsonRefusal(one));
}

}  // namespace

std::string ListText(const Listing& listing) {
  std::size_t names = 0, places = 0;
  for (const Listed& one : listing.profiles) {
    names = std::max(names, OneLine(one.name).size());
    places = std::max(places, OneLine(ToString(one.from)).size());
  }
  std::string out;
  for (const Listed& one : listing.profiles) {
    const char mark = one.refused ? '-' : one.is_default ? '*' : ' ';
    std::string line =
        fmt::format("{} {:<{}}  {:<{}}  {}", mark, OneLine(one.name), Width(names),
                    OneLine(ToString(one.from)), Width(places), OneLine(one.description));
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + '\n';
    if (one.refused) out += "    refused: " + OneLine(ToString(*one.refused)) + '\n';
  }
  out += '\n';
  const auto wanted = std::ranges::find(listing.profiles, true, &Listed::is_default);
  if (wanted != listing.profiles.end()) {
    out += OneLine(fmt::format("default: '{}' ({})", Printable(wanted->name), listing.default_how));
  } else if (listing.without_default) {
    out += OneLine("no default: " + ToString(*listing.without_default));
  }
  return out + '\n';
}

std::string ListJson(const Listing& listing) {
  std::vector<std::string> entries;
  entries.reserve(listing.profiles.size());
  for (const Listed& one : listing.profiles) {
    entries.push_back("{" + JsonHead(one) + "}");
  }
  const std::string none =
      listing.without_default ? JsonString(ToString(*listing.without_default)) : "null";
  return fmt::format("{{\"v\":1,\"default_how\":{},\"no_default\":{},\"profiles\":[\n{}\n]}}\n",
                     JsonString(listing.default_how), none, fmt::join(entries, ",\n"));
}

Result<std::string> ShowText(const Listing& listing, const Shown& shown) {
  const Listed& one = shown.listed;
  AMBIT_TRY(const auto lines, config::TomlLines(shown.table));
  std::string out = "# profile '" + Printable(one.name) + "'";
  for (std::size_t i = 1; i < shown.lineage.size(); ++i) {
    out += (i == 1 ? ", extends '" : ", which extends '") + Printable(shown.lineage[i]) + "'";
  }
  out += "\n# defined: " + OneLine(ToString(one.from)) + " (" + one.origin + ")\n";
  if (one.is_default) out += "# the default: " + OneLine(listing.default_how) + '\n';
  if (one.refused) out += "# refused: " + OneLine(ToString(*one.refused)) + '\n';
  const auto [mode, said] = DenyMode(shown.table);
  out += "# deny_mode: " + OneLine(mode) + (said ? "\n" : " (not set)\n");

  std::size_t width = 0;
  std::vector<std::pair<std::string, std::string>> columns;
  for (const config::TomlLine& line : lines) {
    columns.emplace_back(OneLine(line.key + " = " + line.value), OneLine(ToString(line.from)));
    width = std::max(width, Width(columns.back().first.size()));
  }
  for (const auto& [setting, place] : columns) {
    out += fmt::format("{:<{}}  # {}\n", setting, width, place);
  }
  return out;
}

Result<std::string> ShowJson(const Shown& shown) {
  AMBIT_TRY(const auto lines, config::TomlLines(shown.table));
  std::vector<std::string> settings, lineage;
  for (const config::TomlLine& line : lines) {
    settings.push_back(fmt::format(R"({{"key":{},"value":{},"from":{}}})", JsonString(line.key),
                                   JsonString(line.value), JsonString(ToString(line.from))));
  }
  for (const std::string& name : shown.lineage) lineage.push_back(JsonString(name));
  return fmt::format("{{\"v\":1,{},\"deny_mode\":{},\"lineage\":[{}],\"settings\":[\n{}\n]}}\n",
                     JsonHead(shown.listed), JsonString(DenyMode(shown.table).first),
                     fmt::join(lineage, ","), fmt::join(settings, ",\n"));
}

Result<std::string> ShowToml(const Shown& shown) {
  std::string name = shown.listed.name;
  if (name == config::kFullAccess) {
    return Fail(ErrorCode::kUnsupported,
                "no table says what '" + name +
                    "' does: it has no sandbox; use the profile by its own name");
  }
  std::string out;
  if (name.starts_with(':')) {
    name.erase(0, 1);
    out += "# what '" + shown.listed.name + "' does; names that begin with ':' are built in\n";
  }
  AMBIT_TRY(const auto lines, config::TomlLines(shown.table));
  out += "[permissions." + config::TomlKey(name) + "]\n";
  for (const config::TomlLine& line : lines) out += line.key + " = " + line.value + "\n";
  return out;
}

}  // namespace ambit::cli
