#include "cli/identity.h"

#include <algorithm>
#include <array>
#include <vector>

namespace ambit::cli {
namespace {

/// Takes the text up to `separator` off `rest`, and the separator.
std::string_view Take(std::string_view& rest, char separator) {
  const std::size_t end = std::min(rest.find(separator), rest.size());
  const std::string_view part = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return part;
}

std::vector<std::string_view> Words(std::string_view line) {
  constexpr std::string_view kBlanks = " \t\r";
  std::vector<std::string_view> words;
  for (std::size_t at = line.find_first_not_of(kBlanks); at != std::string_view::npos;
       at = line.find_first_not_of(kBlanks)) {
    line.remove_prefix(at);
    const std::size_t end = std::min(line.find_first_of(kBlanks), line.size());
    words.push_back(line.substr(0, end));
    line.remove_prefix(end);
  }
  return words;
}

}  // namespace

std::string HomeFromPasswd(std::string_view passwd, std::uint32_t uid) {
  const std::string wanted = std::to_string(uid);
  while (!passwd.empty()) {
    std::string_view line = Take(passwd, '\n');
    std::array<std::string_view, 6> fields;  // name, password, uid, gid, comment, home
    for (std::string_view& field : fields) field = Take(line, ':');
    if (fields[2] == wanted) return std::string(fields[5]);
  }
  return "";
}

std::string QualifiedHostName(std::string_view hosts, std::string_view name) {
  if (name.find('.') != std::string_view::npos) return std::string(name);
  while (!hosts.empty()) {
    std::string_view line = Take(hosts, '\n');
    const std::vector<std::string_view> words = Words(Take(line, '#'));
    if (words.size() < 2 || std::find(words.begin() + 1, words.end(), name) == words.end()) {
      continue;
    }
    for (std::size_t i = 1; i < words.size(); ++i) {
      if (words[i].find('.') != std::string_view::npos) return std::string(words[i]);
    }
  }
  return std::string(name);
}

}  // namespace ambit::cli
