#include "cli/lints.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "base/path_text.h"
#include "cli/answer.h"
#include "cli/smallest_change.h"

namespace ambit::cli {
namespace {

using policy::Access;
using policy::PathRule;
using policy::Policy;

/// The rule that decides about the directory that holds `path`, or null.
const PathRule* RuleAbove(const Policy& policy, std::string_view path) {
  while (path != "/") {
    path = ParentPath(path);
    const std::size_t at = policy.IndexOf(path);
    if (at != Policy::kNoRule) return &policy.rules[at];
  }
  return nullptr;
}

/// Why a rule that stands decides nothing; "" when it does. A `write` always does: it makes a
/// writable root, whose metadata is protected.
std::string WhyIdle(const Policy& policy, const PathRule& rule) {
  if (rule.access == Access::kWrite) return "";
  const PathRule* const above = RuleAbove(policy, rule.path);
  if (above == nullptr || above->access != rule.access) return "";
  return RuleText(rule) + " decides nothing: " + RuleWithPlace(*above) +
         " above it says the same; remove the line, or say something else in it";
}

/// Why a rule lost; "" when that is nobody's mistake.
std::string WhyLost(const Policy& policy, const PathRule& rule) {
  const std::size_t at = policy.IndexOf(rule.path);
  if (at == Policy::kNoRule) {
    if (rule.kind == FileKind::kMissing) return "";
    const policy::Decision decision = policy::Decide(policy, rule.path);
    if (decision.access != Access::kNone) return "";
    return RuleText(rule) + " decides nothing: " + Reason(policy, decision) +
           " closes it; remove the line";
  }
  const PathRule& winner = policy.rules[at];
  if (winner.from == rule.from) return "";
  if (winner.origin == policy::Origin::kManaged) {
    return RuleText(rule) + " decides nothing: the administrator closes '" +
           Printable(winner.path) + "' (" + Printable(ToString(winner.from)) + ")";
  }
  return RuleText(rule) + " and " + RuleText(winner) + " (" + Printable(ToString(winner.from)) +
         ") are two spellings of '" + Printable(rule.path) + "', where \"" +
         std::string(ToWord(winner.access)) + "\" wins; keep one of them";
}

bool IsWritten(const PathRule& rule) {
  return rule.origin == policy::Origin::kEntry && rule.from.line != 0;
}

struct Widening {
  std::string_view key;                       ///< Dotted.
  bool (*widens)(const config::Node& value);  ///< Whether this value does.
  std::string_view effect;
};

bool IsTrue(const config::Node& value) {
  return value.Is(config::NodeKind::kBoolean) && value.boolean;
}
bool IsFalse(const config::Node& value) {
  return value.Is(config::NodeKind::kBoolean) && !value.boolean;
}
bool IsFilled(const config::Node& value) { return !value.items.empty(); }

/// An address that others than this host can reach: anything but 127.0.0.0/8, ::1 and localhost.
bool IsPublic(const config::Node& value) {
  return std::ranges::any_of(value.items, [](const config::Node& item) {
    const std::string_view text = item.text;
    return !text.starts_with("127.") && !text.starts_with("[::1]") &&
           !text.starts_with("localhost:");
  });
}

constexpr Widening kWidenings[] = {
    {"filesystem.deny_mode", [](const config::Node& value) { return value.text == "snapshot"; },
     "what appears after the start is not closed"},
    {"environment.default_excludes", IsFalse, "the command sees variables that look like secrets"},
    {"environment.include", IsFilled, "the command sees variables that are left out otherwise"},
    {"network.allow_broad_wildcards", IsTrue,
     "one pattern may cover every name of a public suffix"},
    {"network.limited.allow_bodies", IsTrue, "requests can carry data out"},
    {"network.mitm.exclude", IsFilled,
     "neither limited mode nor a credential holds for these hosts"},
    {"network.upstream.resolve", [](const config::Node& value) { return value.text == "remote"; },
     "the parent proxy looks names up, so that addresses are not checked here"},
    {"network.publish", IsPublic, "other machines can reach into the sandbox"},
    {"network.dangerously_allow_non_loopback_proxy", IsTrue, "other machines can use the proxy"},
    {"network.dangerously_allow_all_unix_sockets", IsTrue,
     "every socket of this host can be connected to"},
};

const config::Node* FindDotted(const config::Node& table, std::string_view key) {
  const config::Node* node = &table;
  while (node != nullptr) {
    const std::size_t dot = key.find('.');
    node = node->Find(key.substr(0, dot));
    if (dot == std::string_view::npos) break;
    key.remove_prefix(dot + 1);
  }
  return node;
}

config::Notice WidensNotice(const std::string& key, std::string_view effect,
                            const config::Node& value) {
  return {"'" + key + "' widens access: " + std::string(effect) +
              "; leave it out if that is not needed",
          value.where.Ref()};
}

}  // namespace

void RuleLints::Note(const PathRule& rule, const std::string& why) {
  const SourceRef& from = rule.from;
  const auto [line, is_new] =
      lines_.try_emplace({from.file, from.line, from.column}, Line{from, why});
  if (!is_new && why.empty()) line->second.why.clear();
}

void RuleLints::Look(const Policy& policy) {
  for (const PathRule& rule : policy.rules) {
    if (IsWritten(rule)) Note(rule, WhyIdle(policy, rule));
  }
  for (const PathRule& rule : policy.ties_lost) {
    if (IsWritten(rule)) Note(rule, WhyLost(policy, rule));
  }
}

std::vector<config::Notice> RuleLints::Notices() const {
  std::vector<config::Notice> out;
  for (const auto& [place, line] : lines_) {
    if (!line.why.empty()) out.push_back({line.why, line.from});
  }
  return out;
}

std::vector<config::Notice> WideningKeys(const config::Node& profile) {
  std::vector<config::Notice> out;
  for (const Widening& widening : kWidenings) {
    const config::Node* const value = FindDotted(profile, widening.key);
    if (value == nullptr || !widening.widens(*value)) continue;
    out.push_back(WidensNotice(std::string(widening.key), widening.effect, *value));
  }
  if (const config::Node* const sockets = FindDotted(profile, "network.unix_sockets")) {
    for (const config::Member& socket : sockets->members) {
      const config::Node* const risk = socket.value.Find("acknowledge_risk");
      if (risk == nullptr || !IsTrue(*risk)) continue;
      out.push_back(WidensNotice("network.unix_sockets." + socket.key,
                                 "whoever is behind the socket acts for the command", *risk));
    }
  }
  return out;
}

}  // namespace ambit::cli
