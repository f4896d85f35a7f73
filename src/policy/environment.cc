#include "policy/environment.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <set>

#include "base/ascii.h"

namespace ambit::policy {
namespace {

constexpr std::array<std::string_view, 10> kCoreNames = {
    "PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LC_*", "TERM", "TZ", "TMPDIR"};

constexpr auto kDefaultExcludes = std::to_array<std::string_view>({
    // Secrets.
    "*TOKEN*",
    "*SECRET*",
    "*KEY*",
    "*PASSWORD*",
    "*PASSWD*",
    "*PASSPHRASE*",
    "*CREDENTIAL*",
    "AWS_*",
    "PGPASSFILE",
    // Sockets of agents, buses and daemons that act for the user.
    "SSH_AUTH_SOCK",
    "SSH_AGENT_*",
    "GPG_AGENT_INFO",
    "DBUS_*",
    "DOCKER_HOST",
    "CONTAINER_HOST",
    // The dynamic loader and the C library.
    "LD_*",
    "GLIBC_TUNABLES",
    "GCONV_PATH",
    "LOCPATH",
    "NLSPATH",
    "HOSTALIASES",
    "RES_OPTIONS",
    "LOCALDOMAIN",
    "RESOLV_HOST_CONF",
    // Shells.
    "BASH_ENV",
    "ENV",
    "BASH_FUNC_*",
    "SHELLOPTS",
    "BASHOPTS",
    "PROMPT_COMMAND",
    "PS4",
    "ZDOTDIR",
    // Interpreters.
    "NODE_OPTIONS",
    "PYTHONSTARTUP",
    "PYTHONHOME",
    "PYTHONINSPECT",
    "PYTHONBREAKPOINT",
    "PERL5OPT",
    "PERL5DB",
    "RUBYOPT",
    "JAVA_TOOL_OPTIONS",
    "JDK_JAVA_OPTIONS",
    "_JAVA_OPTIONS",
    "LUA_INIT*",
    // Programs that git, ssh, sudo, pagers start.
    "GIT_ASKPASS",
    "GIT_CONFIG*",
    "GIT_EDITOR",
    "GIT_EXEC_PATH",
    "GIT_EXTERNAL_DIFF",
    "GIT_PAGER",
    "GIT_PROXY_COMMAND",
    "GIT_SEQUENCE_EDITOR",
    "GIT_SSH*",
    "GIT_TEMPLATE_DIR",
    "SSH_ASKPASS*",
    "SUDO_ASKPASS",
    "LESSOPEN",
    "LESSCLOSE",
});

template <class Patterns>
bool MatchesAny(const Patterns& patterns, std::string_view name) {
  return std::ranges::any_of(
      patterns, [name](std::string_view pattern) { return MatchesName(pattern, name); });
}

bool IsKept(const EnvironmentPolicy& policy, std::string_view name) {
  if (policy.inherit == config::EnvironmentInherit::kNone) return false;
  if (std::ranges::find(policy.secrets, name) != policy.secrets.end()) return false;
  if (policy.inherit == config::EnvironmentInherit::kCore && !MatchesAny(kCoreNames, name)) {
    return false;
  }
  return !MatchesAny(policy.exclude, name) || MatchesAny(policy.include, name);
}

}  // namespace

EnvironmentPolicy MakeEnvironmentPolicy(const config::EnvironmentTable& table) {
  EnvironmentPolicy out;
  if (table.inherit) out.inherit = table.inherit->value;
  if (!table.default_excludes || table.default_excludes->value) {
    out.exclude.assign(kDefaultExcludes.begin(), kDefaultExcludes.end());
  }
  for (const auto& pattern : table.exclude) out.exclude.push_back(pattern.value);
  for (const auto& pattern : table.include) out.include.push_back(pattern.value);
  for (const auto& [name, value] : table.set) out.set[name] = value.value;
  return out;
}

bool MatchesName(std::string_view pattern, std::string_view name) {
  constexpr std::size_t kNone = static_cast<std::size_t>(-1);
  std::size_t at = 0;
  std::size_t star = kNone;
  std::size_t star_name = 0;
  std::size_t i = 0;
  while (i < name.size()) {
    if (at < pattern.size() && pattern[at] == '*') {
      star = at++;
      star_name = i;
    } else if (at < pattern.size() &&
               (pattern[at] == '?' || Lower(pattern[at]) == Lower(name[i]))) {
      ++at;
      ++i;
    } else if (star != kNone) {
      at = star + 1;
      i = ++star_name;
    } else {
      return false;
    }
  }
  while (at < pattern.size() && pattern[at] == '*') ++at;
  return at == pattern.size();
}

std::vector<std::string> SecretVariables(const HttpRules& rules,
                                         const config::EnvironmentTable& table) {
  const auto is_kept = [&table](const std::string& name) {
    return std::ranges::any_of(table.include, [&name](const auto& one) {
      return one.value.find_first_of("*?") == std::string::npos && MatchesName(one.value, name);
    });
  };
  std::vector<std::string> out;
  for (std::size_t i = 0; i < rules.secrets().size(); ++i) {
    const SecretPlace& place = rules.secrets()[i];
    if (!place.is_file && (rules.HasDummy(i) || !is_kept(place.text))) out.push_back(place.text);
  }
  return out;
}

std::vector<std::string> FilterEnvironment(const EnvironmentPolicy& policy,
                                           std::span<const std::string> name_equals_value,
                                           std::vector<std::string>* dropped_names) {
  std::vector<std::string> out;
  std::set<std::string_view> seen;
  for (const std::string& variable : name_equals_value) {
    const std::string_view name = std::string_view(variable).substr(0, variable.find('='));
    const bool is_variable = !name.empty() && name.size() < variable.size();
    if (!seen.insert(name).second || policy.set.contains(std::string(name))) continue;
    if (is_variable && IsKept(policy, name)) {
      out.push_back(variable);
    } else if (dropped_names != nullptr) {
      dropped_names->emplace_back(name);
    }
  }
  for (const auto& [name, value] : policy.set) out.push_back(name + '=' + value);
  return out;
}

}  // namespace ambit::policy
