#include "cli/attestation.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "audit/time_text.h"
#include "base/json_text.h"
#include "base/path_text.h"
#include "cli/policy_hash.h"
#include "cli/report.h"
#include "os/process_info.h"

namespace ambit::cli {
namespace {

using run::Proven;
using run::Verdict;

std::string_view Word(Verdict verdict) {
  switch (verdict) {
    case Verdict::kHolds:
      return "holds";
    case Verdict::kBroken:
      return "broken";
    case Verdict::kUntold:
      return "not tried";
  }
  return "";
}

std::string ResultWord(const Proven& one) {
  if (one.result == run::kNotTried) return "";
  if (one.result >= 0) return "worked";
  const char* const name = ::strerrorname_np(-one.result);
  return name != nullptr ? name : fmt::format("error {}", -one.result);
}

/// Those that are made before the filter show what the kernel does without it.
std::string AttemptText(const Proven& one) {
  std::string out = Describe(one.witness);
  if (!out.empty() && one.witness.early) out += " (before the filter)";
  return out;
}

std::string RuleText(const Proven& one) {
  const std::string place = ToString(one.witness.from);
  return place.empty() ? one.witness.rule : one.witness.rule + " (" + Printable(place) + ")";
}

std::string Reason(const Proven& one) {
  return one.verdict == Verdict::kUntold ? WhyUntold(one.witness, one.result) : "";
}

std::string TextOrNull(const std::string& text) { return text.empty() ? "null" : JsonString(text); }

std::string RuleJson(const Proven& one) {
  return fmt::format(
      R"({{"rule":{},"from":{},"attempt":{},"before_filter":{},"has_to_work":{},"result":{},)"
      R"("verdict":{},"reason":{}}})",
      JsonString(one.witness.rule), TextOrNull(ToString(one.witness.from)),
      TextOrNull(Describe(one.witness)), one.witness.early, one.witness.has_to_work,
      TextOrNull(ResultWord(one)), JsonString(Word(one.verdict)), TextOrNull(Reason(one)));
}

}  // namespace

Attestation Attest(const Loaded& loaded, Engine engine, const std::vector<Proven>& proof) {
  return {.milliseconds = audit::NowMilliseconds(),
          .profile = loaded.policy.profile,
          .policy_hash = PolicyHash(loaded),
          .engine = std::string(ToWord(engine)),
          .kernel = os::KernelRelease(),
          .rules = proof};
}

std::string ToJson(const Attestation& attestation) {
  std::vector<std::string> rules;
  rules.reserve(attestation.rules.size());
  for (const Proven& one : attestation.rules) rules.push_back(RuleJson(one));
  return fmt::format(
      R"({{"v":1,"time":{},"profile":{},"policy_hash":{},"engine":{},"kernel":{},"broken":{},)"
      "\"rules\":[\n{}\n]}}\n",
      JsonString(audit::ToRfc3339(attestation.milliseconds)), JsonString(attestation.profile),
      JsonString(attestation.policy_hash), JsonString(attestation.engine),
      JsonString(attestation.kernel), Count(attestation.rules, Verdict::kBroken),
      fmt::join(rules, ",\n"));
}

std::string ToText(const Attestation& attestation) {
  std::size_t rule_width = std::strlen("rule");
  std::size_t attempt_width = std::strlen("attempt");
  std::size_t result_width = std::strlen("result");
  for (const Proven& one : attestation.rules) {
    rule_width = std::max(rule_width, OneLine(RuleText(one)).size());
    attempt_width = std::max(attempt_width, OneLine(AttemptText(one)).size());
    result_width = std::max(result_width, ResultWord(one).size());
  }
  std::string out;
  const auto add = [&](std::string_view rule, std::string_view attempt, std::string_view result,
                       std::string_view verdict) {
    out += fmt::format("{:<{}}  {:<{}}  {:<{}}  {}\n", rule, rule_width, attempt, attempt_width,
                       result, result_width, verdict);
  };
  add("rule", "attempt", "result", "verdict");
  for (const Proven& one : attestation.rules) {
    std::string verdict =
        one.verdict == Verdict::kBroken ? "BROKEN" : std::string(Word(one.verdict));
    if (const std::string reason = Reason(one); !reason.empty()) verdict += ": " + OneLine(reason);
    add(OneLine(RuleText(one)), OneLine(AttemptText(one)), ResultWord(one), verdict);
  }
  const auto count = [&](Verdict verdict) { return Count(attestation.rules, verdict); };
  return out + fmt::format(
                   "\nprofile '{}', engine {}, Linux {}: {} held, {} broken, {} not tried\n",
                   Printable(attestation.profile), attestation.engine, OneLine(attestation.kernel),
                   count(Verdict::kHolds), count(Verdict::kBroken), count(Verdict::kUntold));
}

std::size_t Count(const std::vector<Proven>& proof, Verdict verdict) {
  return static_cast<std::size_t>(std::ranges::count(proof, verdict, &Proven::verdict));
}

std::vector<std::string> Verified(const std::vector<Proven>& proof) {
  std::vector<std::string> out;
  for (const Proven& one : proof) {
    if (one.verdict != Verdict::kHolds) continue;
    out.push_back(AttemptText(one) + ": " + ResultWord(one) + ": " + RuleText(one));
  }
  return out;
}

}  // namespace ambit::cli
