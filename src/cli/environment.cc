#include "cli/environment.h"

namespace ambit::cli {
namespace {

bool Names(std::string_view entry, std::string_view name) {
  return entry.size() > name.size() && entry[name.size()] == '=' && entry.starts_with(name);
}

}  // namespace

std::optional<std::string> Lookup(std::span<const std::string> environment, std::string_view name) {
  for (const std::string& entry : environment) {
    if (Names(entry, name)) return entry.substr(name.size() + 1);
  }
  return std::nullopt;
}

void SetVariable(std::vector<std::string>& environment, std::string_view name,
                 std::string_view value) {
  std::erase_if(environment, [name](const std::string& entry) { return Names(entry, name); });
  environment.push_back(std::string(name) + "=" + std::string(value));
}

}  // namespace ambit::cli
