#include "cli/diagnosis.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/json_text.h"
#include "base/path_text.h"
#include "cli/report.h"
#include "plan_linux/engine_matrix.h"

namespace ambit::cli {
namespace {

using plan_linux::EngineColumn;
using plan_linux::MatrixRow;
using plan_linux::PolicyKind;

/// What came with each ABI of Landlock (landlock(7)).
struct LandlockLevel {
  int abi;
  std::string_view brings;
};
constexpr std::array kLandlockLevels = {
    LandlockLevel{1, "rules on files"},
    LandlockLevel{2, "moving files between directories"},
    LandlockLevel{3, "rules on truncating"},
    LandlockLevel{4, "rules on TCP ports"},
    LandlockLevel{5, "rules on device controls"},
    LandlockLevel{6, "signals and abstract sockets kept inside"},
    LandlockLevel{7, "records of what is refused"},
};

std::vector<std::string> LandlockLacks(int abi) {
  std::vector<std::string> out;
  for (const LandlockLevel& level : kLandlockLevels) {
    if (level.abi > abi) out.push_back(fmt::format("{} (ABI {})", level.brings, level.abi));
  }
  return out;
}

EngineColumn Column(std::size_t index) { return static_cast<EngineColumn>(index); }

/// Without the marks of the documentation.
std::string Plain(std::string_view text) {
  std::string out(text);
  std::erase(out, '`');
  return out;
}

std::string Outcome(const HostAbilities& abilities, Ability ability) {
  if (abilities.Has(ability) && ability == Ability::kLandlock) {
    return fmt::format("works: ABI {}", abilities.landlock_abi);
  }
  if (abilities.Has(ability)) return "works";
  const bool tried = abilities.ErrorOf(ability) != HostAbilities::kNotTried;
  return (tried ? "cannot: " : "") + plan_linux::WhyMissing(abilities, ability);
}

std::string AboutHost(const Diagnosis& diagnosis) {
  const HostState& state = diagnosis.state;
  std::string out = fmt::format(
      "Linux {} on {}, uid {}", OneLine(state.kernel),
      state.distribution.empty() ? "an unknown distribution" : OneLine(state.distribution),
      diagnosis.abilities.uid);
  if (!state.container.empty()) out += ", in a container (" + OneLine(state.container) + ")";
  if (state.in_user_namespace) out += ", in a user namespace";
  if (state.filtered) out += ", under a system call filter";
  if (state.no_new_privileges) out += ", without new privileges";
  if (state.ptrace_scope.value_or(0) != 0) {
    out += fmt::format(", Yama ptrace_scope {}", *state.ptrace_scope);
  }
  return out + "\n";
}

std::string Tried(const HostAbilities& abilities) {
  std::string out = "\nTried on this host:\n";
  for (std::size_t i = 0; i < kAbilities; ++i) {
    out += fmt::format("  {:<60}  {}\n", kAbilityTexts[i].does,
                       Outcome(abilities, static_cast<Ability>(i)));
  }
  const auto lacks = LandlockLacks(abilities.landlock_abi);
  if (!lacks.empty()) out += fmt::format("  Landlock lacks {}\n", fmt::join(lacks, ", "));
  return out;
}

std::string MatrixText(const HostAbilities& abilities) {
  std::string out = fmt::format("\n{:<58}", "What each engine can enforce here:");
  for (std::size_t i = 0; i < plan_linux::kEngineColumns; ++i) {
    out += fmt::format("  {:<10}", plan_linux::ToWord(Column(i)));
  }
  while (out.back() == ' ') out.pop_back();
  out += '\n';
  std::map<std::string, std::vector<std::string>> reasons;
  for (const MatrixRow& row : plan_linux::EngineMatrix()) {
    std::string line = fmt::format("  {:<56}", Plain(row.text));
    for (std::size_t i = 0; i < plan_linux::kEngineColumns; ++i) {
      const auto verdict = CanEnforce(abilities, row.kind, Column(i));
      line += fmt::format("  {:<10}", verdict.can ? "yes" : "no");
      if (verdict.can) continue;
      reasons[fmt::format("{}: {}", plan_linux::ToWord(Column(i)), verdict.reason)].emplace_back(
          row.name);
    }
    while (line.back() == ' ') line.pop_back();
    out += line + '\n';
  }
  out += "Why not:\n";
  for (const auto& [reason, kinds] : reasons) {
    const bool all = kinds.size() == plan_linux::kPolicyKinds;
    out += fmt::format("  {}{}\n", reason, all ? "" : fmt::format(" [{}]", fmt::join(kinds, ", ")));
  }
  return out;
}

std::string RemedyText(const std::vector<Remedy>& remedies) {
  std::string out;
  for (const Remedy& remedy : remedies) {
    out += fmt::format("\nTo do: {}\n", remedy.problem);
    for (std::string_view rest = remedy.text; !rest.empty();) {
      const std::size_t end = std::min(rest.find('\n'), rest.size());
      out += fmt::format("  {}\n", rest.substr(0, end));
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
  }
  return out;
}

std::string NumberOrNull(const std::optional<std::int64_t>& number) {
  return number ? std::to_string(*number) : "null";
}

std::string StateJson(const HostState& state) {
  return fmt::format(
      R"({{"distribution":{},"kernel":{},"container":{},"filtered":{},"no_new_privileges":{},)"
      R"("in_user_namespace":{},"max_user_namespaces":{},"unprivileged_userns_clone":{},)"
      R"("apparmor_restrict_unprivileged_userns":{},"ptrace_scope":{}}})",
      JsonString(state.distribution), JsonString(state.kernel),
      state.container.empty() ? "null" : JsonString(state.container), state.filtered,
      state.no_new_privileges, state.in_user_namespace, NumberOrNull(state.max_user_namespaces),
      NumberOrNull(state.unprivileged_userns_clone), NumberOrNull(state.apparmor_restricts),
      NumberOrNull(state.ptrace_scope));
}

std::string ProbesJson(const HostAbilities& abilities) {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < kAbilities; ++i) {
    const auto ability = static_cast<Ability>(i);
    const bool works = abilities.Has(ability);
    out.push_back(
        fmt::format(R"({{"name":{},"does":{},"works":{},"problem":{}}})",
                    JsonString(kAbilityTexts[i].name), JsonString(kAbilityTexts[i].does), works,
                    works ? "null" : JsonString(plan_linux::WhyMissing(abilities, ability))));
  }
  return fmt::format("{}", fmt::join(out, ",\n"));
}

std::string EngineJson(const HostAbilities& abilities, EngineColumn engine) {
  std::vector<std::string> policies;
  for (const MatrixRow& row : plan_linux::EngineMatrix()) {
    const auto verdict = CanEnforce(abilities, row.kind, engine);
    policies.push_back(fmt::format(R"({{"policy":{},"can":{},"{}":{}}})", JsonString(row.name),
                                   verdict.can, verdict.can ? "means" : "reason",
                                   JsonString(verdict.reason)));
  }
  return fmt::format("{{\"engine\":{},\"policies\":[\n{}]}}",
                     JsonString(plan_linux::ToWord(engine)), fmt::join(policies, ",\n"));
}

}  // namespace

bool IsUsable(const HostAbilities& abilities) {
  for (std::size_t i = 0; i < plan_linux::kEngineColumns; ++i) {
    if (CanEnforce(abilities, PolicyKind::kWorkspace, Column(i)).can) return true;
  }
  return false;
}

std::string ToText(const Diagnosis& diagnosis) {
  return AboutHost(diagnosis) + Tried(diagnosis.abilities) + MatrixText(diagnosis.abilities) +
         RemedyText(diagnosis.remedies);
}

std::string ToJson(const Diagnosis& diagnosis) {
  const HostAbilities& abilities = diagnosis.abilities;
  std::vector<std::string> engines, remedies, lacks;
  for (std::size_t i = 0; i < plan_linux::kEngineColumns; ++i) {
    engines.push_back(EngineJson(abilities, Column(i)));
  }
  for (const Remedy& remedy : diagnosis.remedies) {
    remedies.push_back(fmt::format(R"({{"problem":{},"text":{}}})", JsonString(remedy.problem),
                                   JsonString(remedy.text)));
  }
  for (const std::string& one : LandlockLacks(abilities.landlock_abi)) {
    lacks.push_back(JsonString(one));
  }
  return fmt::format(
      "{{\"v\":1,\"usable\":{},\"uid\":{},\"host\":{},\n"
      "\"landlock\":{{\"abi\":{},\"lacks\":[{}]}},\n"
      "\"probes\":[\n{}],\n\"engines\":[\n{}],\n\"remedies\":[{}]}}\n",
      IsUsable(abilities), abilities.uid, StateJson(diagnosis.state), abilities.landlock_abi,
      fmt::join(lacks, ","), ProbesJson(abilities), fmt::join(engines, ",\n"),
      fmt::join(remedies, ",\n"));
}

}  // namespace ambit::cli
