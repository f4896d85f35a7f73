#include "cli/examine.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/path_text.h"
#include "cli/answer.h"
#include "cli/comment_lint.h"
#include "cli/connect_answer.h"
#include "cli/lints.h"
#include "cli/listing.h"
#include "cli/own_places.h"
#include "cli/socket_answer.h"
#include "config/assembly.h"
#include "config/builtins.h"

namespace ambit::cli {
namespace {

/// Takes what was written at `place` out of a profile. False when nothing of it was.
bool TakeOut(config::Profile& profile, const SourceRef& place) {
  if (place.line == 0) return false;
  const auto is_there = [&place](const auto& entry) { return entry.from == place; };
  const auto is_rule_there = [&](const auto& entry) { return entry.second.from == place; };
  return std::erase_if(profile.filesystem, is_there) +
             std::erase_if(profile.workspace_roots, is_there) +
             std::erase_if(profile.network.domains, is_rule_there) +
             std::erase_if(profile.network.unix_sockets, is_rule_there) >
         0;
}

std::string_view Participle(bool allowed) { return allowed ? "allowed" : "denied"; }

/// The same for a test with `connect`. A name counts as allowed when it may be looked up.
std::optional<Error> MistakenHost(const Loaded& loaded, const config::ProfileTest& test) {
  const ConnectAnswer answer = AskConnect(loaded, {.target = test.object});
  if (answer.allowed == test.expect_allow) return std::nullopt;
  return Error{
      ErrorCode::kInvalidConfig,
      fmt::format("expected connect '{}' to be {}, but it is {} by {}", Printable(test.object),
                  Participle(test.expect_allow), Participle(answer.allowed), Reason(answer)),
      0, test.from};
}

/// The same for a test with `unix`.
std::optional<Error> MistakenSocket(const Loaded& loaded, const config::ProfileTest& test,
                                    const FileView& files) {
  const Result<SocketAnswer> answer = AskSocket(loaded, test.object, files);
  if (!answer) return answer.error();
  const bool allowed = answer->decision.allowed;
  if (allowed == test.expect_allow) return std::nullopt;
  return Error{
      ErrorCode::kInvalidConfig,
      fmt::format("expected unix '{}' to be {}, but it is {} by {}", Printable(test.object),
                  Participle(test.expect_allow), Participle(allowed),
                  Reason(loaded.policy, answer->decision, answer->file)),
      0, test.from};
}

/// The answer to one of the profile's `tests`, when it is not the expected one.
std::optional<Error> Mistaken(const Loaded& loaded, const config::ProfileTest& test,
                              const FileView& files) {
  using Kind = config::ProfileTest::Question;
  if (test.question == Kind::kUnix) return MistakenSocket(loaded, test, files);
  if (test.question == Kind::kConnect) return MistakenHost(loaded, test);
  const Question question{test.question == Kind::kWrite, test.object};
  const Result<Answered> answer = Ask(loaded, question, files);
  if (!answer) return answer.error();
  if (answer->allowed == test.expect_allow) return std::nullopt;
  return Error{
      ErrorCode::kInvalidConfig,
      fmt::format("expected {} '{}' to be {}, but it is {} by {}", Verb(question),
                  Printable(test.object), test.expect_allow ? "allowed" : "denied",
                  answer->allowed ? "allowed" : "denied", Reason(loaded.policy, answer->decision)),
      0, test.from};
}

class Examiner {
 public:
  Examiner(config::Sources sources, policy::Surroundings place, std::vector<OwnPlace> own,
           const Host& host)
      : sources_(std::move(sources)), place_(std::move(place)), own_(std::move(own)), host_(host) {}

  Examination Run() {
    config::Problems problems;
    auto assembly = config::Assemble(sources_, host_.files, &problems);
    for (const Error& error : problems.errors) Tell(Severity::kError, error);
    damaged_ = !problems.errors.empty();
    if (!assembly) {
      Tell(Severity::kError, assembly.error());
      return std::move(out_);
    }
    assembly_ = *std::move(assembly);
    out_.findings.AddWarnings(assembly_.notices);
    ExamineWanted(problems.incomplete);
    for (std::string& name : ProfileNames(assembly_.candidates)) {
      if (name == out_.profile) continue;
      ExamineOther(std::move(name));
    }
    const auto place = [](const ProfileState& state) {
      return std::pair(!state.name.starts_with(':'), state.name);
    };
    std::ranges::sort(out_.profiles, {}, place);
    out_.findings.AddWarnings(lints_.Notices());
    out_.findings.AddWarnings(widening_);
    out_.findings.AddWarnings(
        GrantsWiderThanComments(assembly_.candidates.profiles, host_.files, sources_.home));
    return std::move(out_);
  }

 private:
  void Tell(Severity severity, const Error& error) { out_.findings.Add(severity, error); }

  /// The profile that a command with these options would get.
  void ExamineWanted(bool incomplete) {
    auto settled = config::Settle(sources_, assembly_);
    if (!settled) {
      // What is in a file that could not be read may be all that is missing.
      const bool follows = incomplete && settled.error().code == ErrorCode::kInvalidConfig;
      if (!follows) Tell(Severity::kError, settled.error());
      return;
    }
    ProfileState state{settled->selected.lineage.front(), true, std::nullopt};
    out_.profile = state.name;
    if (!damaged_) out_.findings.AddWarnings(settled->selected.notices);
    Compile(*std::move(settled), state, Severity::kError);
    out_.profiles.push_back(std::move(state));
  }

  void ExamineOther(std::string name) {
    auto settled = config::Settle(Naming(sources_, name), assembly_);
    ProfileState state{std::move(name), false, std::nullopt};
    if (settled) {
      Compile(*std::move(settled), state, Severity::kWarning);
    } else {
      // That the requirements forbid it is their purpose, not a mistake.
      if (settled.error().code != ErrorCode::kDenied) Complain(state, settled.error());
      state.refused = std::move(settled).error();
    }
    out_.profiles.push_back(std::move(state));
  }

  /// Problems of parents are told once, where they are.
  void Complain(const ProfileState& state, const Error& error) {
    if (config::IsBuiltin(state.name) || out_.findings.Tells(error.where)) return;
    Tell(Severity::kWarning, error);
  }

  void Compile(config::Settled settled, ProfileState& state, Severity severity) {
    const bool told = severity == Severity::kError || !config::IsBuiltin(state.name);
    if (told) {
      for (const config::Notice& notice : WideningKeys(settled.table)) {
        const auto same = [&notice](const auto& one) { return one.where == notice.where; };
        if (std::ranges::none_of(widening_, same)) widening_.push_back(notice);
      }
      out_.widening = widening_.size();
    }
    Loaded loaded;
    loaded.home = sources_.home;
    loaded.selected = std::move(settled.selected);
    auto policy = Resolve(loaded.selected, state, severity);
    if (!policy) return;
    loaded.policy = *std::move(policy);
    if (severity == Severity::kError) out_.choice = loaded.Choice();
    // What requirements make of a choice means little when parts of them were left out.
    if (told && !damaged_) {
      out_.findings.AddWarnings(loaded.policy.notices);
    }
    if (!loaded.policy.unrestricted) lints_.Look(loaded.policy);
    AskTests(loaded, state, severity);
    Plan(loaded, state, severity);
  }

  /// Tells every problem of the profile: what is wrong is taken out and the rest looked at again.
  std::optional<policy::Policy> Resolve(config::Selected& selected, ProfileState& state,
                                        Severity severity) {
    for (std::size_t taken = 0;; ++taken) {
      auto policy = ResolveProfile(own_, selected, place_, host_.files);
      if (policy) {
        if (state.refused) return std::nullopt;
        return *std::move(policy);
      }
      const Error& error = policy.error();
      // Without what was taken out a profile may be left with too little; that is no new mistake.
      const bool follows = (taken > 0 || damaged_) && error.where == selected.profile.from;
      if (!follows) {
        severity == Severity::kError ? Tell(severity, error) : Complain(state, error);
      }
      if (!state.refused) {
        state.refused = follows ? Error{ErrorCode::kInvalidConfig,
                                        "correct what is wrong in the configuration first",
                                        0,
                                        {}}
                                : error;
      }
      if (taken == config::kMaxProblems || !TakeOut(selected.profile, error.where)) {
        return std::nullopt;
      }
    }
  }

  void AskTests(Loaded& loaded, const ProfileState& state, Severity severity) {
    const bool wanted = severity == Severity::kError;
    if (loaded.selected.profile.tests.empty() && !wanted) return;
    if (const auto found = host_.look_up(loaded.policy); !found) {
      wanted ? Tell(severity, found.error()) : Complain(state, found.error());
      return;
    }
    for (const config::ProfileTest& test : loaded.selected.profile.tests) {
      if (const auto problem = Mistaken(loaded, test, host_.files)) Tell(severity, *problem);
    }
  }

  void Plan(const Loaded& loaded, ProfileState& state, Severity severity) {
    if (!host_.facts) {
      state.refused = host_.facts.error();
      if (severity == Severity::kError) Tell(severity, host_.facts.error());
      return;
    }
    auto plan = PlanFor(loaded.selected, loaded.policy, *host_.facts);
    if (!plan) {
      const auto& engines = loaded.selected.require_engine;
      const bool follows = damaged_ && engines && plan.error().where == engines->from;
      if (!follows) {
        severity == Severity::kError ? Tell(severity, plan.error()) : Complain(state, plan.error());
      }
      state.refused = std::move(plan).error();
      return;
    }
    state.gaps = std::move(plan->gaps);
    if (severity != Severity::kError && config::IsBuiltin(state.name)) return;
    for (const plan::Gap& gap : state.gaps) {
      out_.findings.Add(Severity::kWarning, gap.from, "not enforced: " + gap.what);
    }
  }

  config::Sources sources_;
  policy::Surroundings place_;
  std::vector<OwnPlace> own_;
  const Host& host_;
  config::Assembly assembly_;
  bool damaged_ = false;  ///< Something was taken out, so that other things may only seem wrong.
  RuleLints lints_;
  std::vector<config::Notice> widening_;
  Examination out_;
};

Result<Examination> ExamineOrRefuse(const PolicyOptions& options, const Surroundings& around,
                                    const Host& host) {
  AMBIT_TRY(config::Sources sources, SourcesFor(options, around, host.files));
  AMBIT_TRY(policy::Surroundings place, PolicySurroundings(options, sources, around));
  AMBIT_TRY(std::vector<OwnPlace> own, OwnPlaces(sources, options, around));
  return Examiner(std::move(sources), std::move(place), std::move(own), host).Run();
}

}  // namespace

Examination Examine(const PolicyOptions& options, const Surroundings& around, const Host& host) {
  auto out = ExamineOrRefuse(options, around, host);
  if (out) return *std::move(out);
  Examination refused;
  refused.findings.Add(Severity::kError, out.error());
  return refused;
}

}  // namespace ambit::cli
