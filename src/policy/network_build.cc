#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "base/path_text.h"
#include "policy/address_guard.h"
#include "policy/network.h"

namespace ambit::policy {
namespace {

bool IsTrue(const std::optional<config::Placed<bool>>& value) { return value && value->value; }
bool IsFalse(const std::optional<config::Placed<bool>>& value) { return value && !value->value; }

std::string_view Word(const HostRule& rule) { return rule.allow ? "allow" : "deny"; }

/// Turns the tables of one profile into checked rules.
class RuleMaker {
 public:
  RuleMaker(const config::NetworkTable& table, bool guard, std::vector<config::Notice>& notices)
      : table_(table), guard_(guard), notices_(notices) {}

  Result<> Add(const std::map<std::string, config::Placed<bool>>& domains, bool managed) {
    for (const auto& [given, allow] : domains) {
      auto pattern = ParseHostPattern(given, allow.value);
      if (!pattern) return Fail(ErrorCode::kInvalidConfig, pattern.error().message, allow.from);
      HostRule rule{*std::move(pattern), given, allow.value, managed, allow.from};
      AMBIT_CHECK(CheckBreadth(rule));
      AMBIT_CHECK(CheckUse(rule));
      if (!rule.pattern.note.empty()) {
        notices_.push_back(
            {fmt::format("the host pattern '{}' {}", Printable(given), rule.pattern.note),
             rule.from});
      }
      rules_.push_back(std::move(rule));
    }
    return {};
  }

  std::vector<HostRule> Take() {
    // A decision is told with the first rule that fits, whatever the order of the files was.
    std::ranges::stable_sort(rules_, {}, [](const HostRule& rule) {
      return std::pair(!rule.managed, rule.pattern.Text());
    });
    WarnAboutDuplicates();
    return std::move(rules_);
  }

 private:
  /// A wildcard over names that different owners register.
  Result<> CheckBreadth(const HostRule& rule) {
    const std::string& suffix = rule.pattern.broad;
    if (suffix.empty() || rule.managed || IsTrue(table_.allow_broad_wildcards)) return {};
    const std::string what =
        suffix == "*" ? "covers names of every top-level domain"
                      : fmt::format("covers every name that anybody registers below '{}'", suffix);
    if (IsFalse(table_.allow_broad_wildcards)) {
      return Fail(ErrorCode::kInvalidConfig,
                  fmt::format("the host pattern '{}' {}, and allow_broad_wildcards is false; name "
                              "the domains",
                              Printable(rule.given), what),
                  rule.from);
    }
    notices_.push_back(
        {fmt::format("the host pattern '{}' {}; name the domains, or say allow_broad_wildcards = "
                     "true in the network table",
                     Printable(rule.given), what),
         rule.from});
    return {};
  }

  /// Under the guard only exact literals open local addresses.
  Result<> CheckUse(const HostRule& rule) const {
    const bool range = rule.pattern.kind == PatternKind::kRange;
    if (!rule.allow || !range || !guard_ || !IsWhollyNonPublic(rule.pattern.range)) return {};
    return Fail(ErrorCode::kInvalidConfig,
                fmt::format("the host pattern '{}' opens nothing: all of it is {}; allow single "
                            "addresses of it, or set allow_local_binding = true",
                            Printable(rule.given), NonPublicRange(rule.pattern.range.base)),
                rule.from);
  }

  /// Two spellings of one pattern. Rules of the requirements and of the profile may overlap.
  void WarnAboutDuplicates() {
    for (std::size_t i = 1; i < rules_.size(); ++i) {
      const HostRule& first = rules_[i - 1];
      const HostRule& second = rules_[i];
      if (first.managed != second.managed) continue;
      if (first.pattern.Text() != second.pattern.Text()) continue;
      const std::string outcome =
          first.allow == second.allow
              ? "remove one of them"
              : fmt::format("the deny wins; remove the line at {}",
                            ToString(first.allow ? first.from : second.from));
      notices_.push_back({fmt::format("'{}' = \"{}\" says the same host as '{}' = \"{}\" at {}; {}",
                                      Printable(second.given), Word(second), Printable(first.given),
                                      Word(first), ToString(first.from), outcome),
                          second.from});
    }
  }

  const config::NetworkTable& table_;
  bool guard_;
  std::vector<config::Notice>& notices_;
  std::vector<HostRule> rules_;
};

}  // namespace

Result<NetworkRules> NetworkRules::Make(const config::NetworkTable& table,
                                        const std::optional<config::ManagedNetwork>& managed,
                                        std::vector<config::Notice>& notices) {
  NetworkRules out;
  out.enabled_ = IsTrue(table.enabled);
  if (table.enabled) out.enabled_from_ = table.enabled->from;
  out.allow_local_ = IsTrue(table.allow_local_binding);
  if (table.allow_local_binding) out.guard_from_ = table.allow_local_binding->from;
  for (const auto& ports : table.default_ports) out.default_ports_.push_back(ports.value);
  if (managed) {
    // A switch of the requirements takes away; what it would give, the profile has to ask for.
    if (IsFalse(managed->enabled)) {
      out.enabled_ = false;
      out.enabled_from_ = managed->enabled->from;
      out.switched_off_by_requirements_ = true;
    }
    if (IsFalse(managed->allow_local_binding)) {
      out.allow_local_ = false;
      out.guard_from_ = managed->allow_local_binding->from;
      out.guard_by_requirements_ = true;
    }
    if (IsTrue(managed->managed_allowed_domains_only)) {
      out.managed_only_ = true;
      out.managed_only_from_ = managed->managed_allowed_domains_only->from;
    }
  }
  RuleMaker maker(table, !out.allow_local_, notices);
  AMBIT_CHECK(maker.Add(table.domains, false));
  if (managed) AMBIT_CHECK(maker.Add(managed->domains, true));
  out.rules_ = maker.Take();
  AMBIT_TRY(out.http_, HttpRules::Make(
                           table, [&out](const auto& host) { return out.Grants(host); }, notices));
  return out;
}

}  // namespace ambit::policy
