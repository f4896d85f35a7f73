#include "config/select.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/path_text.h"
#include "config/builtins.h"
#include "config/merge.h"
#include "config/older_settings.h"
#include "config/table_reader.h"

namespace ambit::config {
namespace {

std::string Quoted(std::string_view name) { return "'" + Printable(name) + "'"; }

Result<> CheckAllowed(const std::string& name, const Placed<bool>& allowed,
                      const Candidates& candidates) {
  if (IsBuiltin(name) || candidates.managed.Find(name)) return {};
  if (!candidates.profiles.Find(name)) {
    return Fail(ErrorCode::kInvalidConfig,
                Quoted(name) +
                    " in [allowed_permission_profiles] of the requirements is not a profile: "
                    "neither built in nor defined anywhere; define it, or take it off the list",
                allowed.from);
  }
  if (!allowed.value) return {};
  return Fail(ErrorCode::kInvalidConfig,
              Quoted(name) +
                  " in [allowed_permission_profiles] is defined by configuration files only, "
                  "so others decide what it permits; define it in the requirements",
              allowed.from);
}

Result<> CheckAllowList(const Requirements& requirements, const Candidates& candidates,
                        Problems* problems) {
  if (!requirements.allowed_profiles) return {};
  for (const auto& [name, allowed] : requirements.allowed_profiles->value) {
    AMBIT_CHECK(Tolerate(CheckAllowed(name, allowed, candidates), problems));
  }
  return {};
}

struct Setting {
  std::string value;
  SourceRef from;
  LayerKind layer = LayerKind::kSystem;
};

/// The value of `key` in the highest layer that sets it.
std::optional<Setting> Highest(const std::vector<Layer>& layers, std::string_view key) {
  for (auto layer = layers.rbegin(); layer != layers.rend(); ++layer) {
    if (const Node* const node = layer->root.Find(key)) {
      return Setting{node->text, node->where.Ref(), layer->kind};
    }
  }
  return std::nullopt;
}

std::vector<std::string_view> AllNames(const Candidates& candidates) {
  std::vector<std::string_view> names(std::begin(kBuiltinNames), std::end(kBuiltinNames));
  for (const Member& profile : candidates.profiles.members) names.push_back(profile.key);
  return names;
}

Result<> CheckDefined(const Choice& choice, const Candidates& candidates) {
  if (candidates.Defines(choice.name)) return {};
  const std::string& name = choice.name;
  if (name.starts_with(':')) {
    return Fail(ErrorCode::kInvalidConfig,
                "profile " + Quoted(name) + " is not built in" +
                    Suggestion(name, kBuiltinNames, "; built in are " + ListWords(kBuiltinNames)),
                choice.from);
  }
  if (name.empty()) {
    return Fail(ErrorCode::kInvalidConfig,
                "an empty name is no profile; name one, such as ':workspace'", choice.from);
  }
  return Fail(ErrorCode::kInvalidConfig,
              "profile " + Quoted(name) + " is not defined in any configuration file" +
                  Suggestion(name, AllNames(candidates),
                             "; define it as [permissions." + QuoteKey(name) + "]"),
              choice.from);
}

class Chooser {
 public:
  Chooser(const Sources& sources, const std::vector<Layer>& layers,
          const Requirements& requirements, const Candidates& candidates,
          std::vector<Notice>& notices)
      : sources_(sources),
        requirements_(requirements),
        candidates_(candidates),
        notices_(notices),
        default_(Highest(layers, "default_permissions")),
        mode_(Highest(layers, "sandbox_mode")) {
    for (const Layer& layer : layers) {
      if (layer.kind != LayerKind::kCommandLine) continue;
      if (const Node* const node = layer.root.Find("default_permissions")) {
        command_line_ = Setting{node->text, node->where.Ref(), layer.kind};
      }
    }
  }

  Result<Choice> Run() {
    AMBIT_TRY(Choice choice, Wanted());
    AMBIT_CHECK(CheckDefined(choice, candidates_));
    if (requirements_.Allows(choice.name)) return choice;
    if (choice.explicitly) {
      return Fail(ErrorCode::kDenied,
                  "profile " + Quoted(choice.name) +
                      " is not allowed by the administrator's requirements (" +
                      ToString(requirements_.allowed_profiles->from) +
                      "); allowed: " + requirements_.AllowedNames(),
                  choice.from);
    }
    Choice required = Required();
    notices_.push_back({"profile " + Quoted(choice.name) +
                            " is not allowed by the administrator's requirements (" +
                            ToString(requirements_.allowed_profiles->from) + "); " +
                            Quoted(required.name) + " is used instead",
                        choice.from});
    return required;
  }

 private:
  /// What is asked for, before requirements are.
  Result<Choice> Wanted() {
    if (sources_.profile) return Explicit(*sources_.profile, "-P", {});
    if (command_line_) {
      return Explicit(command_line_->value, "-c default_permissions", command_line_->from);
    }
    const bool has_list = requirements_.allowed_profiles.has_value();
    if (mode_ && has_list) {
      notices_.push_back({"'sandbox_mode' is not used: the administrator's requirements (" +
                              ToString(requirements_.allowed_profiles->from) +
                              ") choose among profiles; allowed: " + requirements_.AllowedNames(),
                          mode_->from});
    } else if (mode_ && default_) {
      return Fail(ErrorCode::kInvalidConfig,
                  "'sandbox_mode' here and 'default_permissions' at " + ToString(default_->from) +
                      " both choose what a command may do; remove one of them, or name a profile "
                      "with -P",
                  mode_->from);
    } else if (mode_) {
      return Choice{std::string(BuiltinOfMode(mode_->value)),
                    "sandbox_mode at " + ToString(mode_->from), mode_->from, false, true};
    }
    if (default_) {
      return Choice{default_->value, "default_permissions at " + ToString(default_->from),
                    default_->from};
    }
    if (has_list) return Required();
    if (!candidates_.profiles.members.empty()) {
      const Member& first = candidates_.profiles.members.front();
      return Fail(ErrorCode::kInvalidConfig,
                  "profiles are defined, such as " + Quoted(first.key) +
                      ", but none is selected; name one with -P or set default_permissions",
                  first.key_place.Ref());
    }
    return Choice{std::string(kReadOnly), "nothing is configured", {}};
  }

  /// What the command line names. Whoever names one profile must not be given another, so a
  /// managed default that differs is a refusal.
  Result<Choice> Explicit(const std::string& name, std::string how, SourceRef from) const {
    if (default_ && default_->layer == LayerKind::kManaged && default_->value != name) {
      return Fail(ErrorCode::kDenied,
                  "profile " + Quoted(name) + " cannot be selected: the managed configuration (" +
                      ToString(default_->from) + ") sets " + Quoted(default_->value) +
                      " for every command",
                  std::move(from));
    }
    return Choice{name, std::move(how), std::move(from), true};
  }

  Choice Required() const {
    const auto& named = requirements_.default_profile;
    const SourceRef from = named ? named->from : requirements_.allowed_profiles->from;
    return {RequiredDefault(requirements_), "the requirements' default at " + ToString(from), from};
  }

  const Sources& sources_;
  const Requirements& requirements_;
  const Candidates& candidates_;
  std::vector<Notice>& notices_;
  std::optional<Setting> default_;
  std::optional<Setting> mode_;
  std::optional<Setting> command_line_;
};

}  // namespace

bool Candidates::Defines(std::string_view name) const {
  return IsBuiltin(name) || profiles.Find(name) != nullptr;
}

Result<Candidates> GatherProfiles(std::vector<Layer>& layers, const Requirements& requirements,
                                  Problems* problems) {
  Candidates candidates;
  std::vector<Node> tables;
  for (Layer& layer : layers) {
    Node* const profiles = layer.root.Find("permissions");
    if (!profiles) continue;
    tables.push_back(std::move(*profiles));
    layer.root.Erase("permissions");
  }
  candidates.profiles = MergeAll(std::move(tables));
  for (const Member& managed : requirements.profiles.members) {
    const Member* const same = candidates.profiles.FindMember(managed.key);
    if (!same) continue;
    AMBIT_CHECK(Tolerate(Fail(ErrorCode::kInvalidConfig,
                              "profile " + Quoted(managed.key) +
                                  " is defined by the administrator's requirements (" +
                                  ToString(managed.key_place.Ref()) + "); give yours another name",
                              same->key_place.Ref()),
                         problems));
    candidates.profiles.Erase(managed.key);
  }
  candidates.managed = requirements.profiles;
  candidates.profiles = MergeOver(std::move(candidates.profiles), requirements.profiles);
  AMBIT_CHECK(CheckAllowList(requirements, candidates, problems));
  return candidates;
}

Result<Choice> Choose(const Sources& sources, const std::vector<Layer>& layers,
                      const Requirements& requirements, const Candidates& candidates,
                      std::vector<Notice>& notices) {
  return Chooser(sources, layers, requirements, candidates, notices).Run();
}

}  // namespace ambit::config
