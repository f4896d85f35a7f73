#include "cli/load.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include "base/path_text.h"
#include "cli/environment.h"
#include "cli/identity.h"
#include "cli/own_places.h"
#include "cli/report.h"
#include "config/layers.h"
#include "os/disk_view.h"
#include "os/probe.h"
#include "os/process_info.h"
#include "plan_linux/lower.h"
#include "run/pattern_matches.h"

namespace ambit::cli {
namespace {

constexpr std::string_view kEngine = "native";
constexpr std::size_t kEtcFileLimit = 16U << 20;

/// As Lookup, but an empty value counts as none.
std::optional<std::string> LookupFilled(const Surroundings& around, std::string_view name) {
  std::optional<std::string> value = Lookup(around.environment, name);
  if (value && value->empty()) value.reset();
  return value;
}

Result<std::string> Absolute(const Surroundings& around, const std::string& path) {
  if (path.starts_with('/')) return path;
  if (around.directory.empty()) {
    return Fail(ErrorCode::kNotFound, "'" + Printable(path) +
                                          "' is relative, but the current directory was removed "
                                          "or cannot be reached; give an absolute path");
  }
  return JoinPath(around.directory, path);
}

/// Writes the absolute form of `path`, when there is one, to `out`.
Result<> Place(const Surroundings& around, const std::optional<std::string>& path,
               std::optional<std::string>& out) {
  if (!path) return {};
  AMBIT_TRY(out, Absolute(around, *path));
  return {};
}

Result<std::string> StartDirectory(const PolicyOptions& options, const Surroundings& around) {
  if (options.directory) {
    AMBIT_TRY(const std::string absolute, Absolute(around, *options.directory));
    return FoldPath(absolute);
  }
  if (!around.directory.empty()) return around.directory;
  return Fail(ErrorCode::kNotFound,
              "the current directory was removed or cannot be reached; say --cd DIR");
}

/// The host's name as requirements compare it. Only asked for when there are any: nothing else
/// needs it.
std::string HostName(const config::Sources& sources, const Surroundings& around,
                     const FileView& files) {
  const auto exists = [&files](const std::string& path) {
    const Result<FileInfo> info = files.Lstat(path);
    return !info || info->kind != FileKind::kMissing;
  };
  if (sources.extra_requirements.empty() && !exists(sources.requirements) &&
      std::ranges::none_of(sources.requirement_dirs, exists)) {
    return around.host_name;
  }
  const Result<std::string> hosts = files.ReadFile("/etc/hosts", kEtcFileLimit);
  return hosts ? QualifiedHostName(*hosts, around.host_name) : around.host_name;
}

/// By its name: requirements and configuration share keys that mean different things.
bool IsRequirementsFile(std::string_view path) {
  return BaseName(path).starts_with("requirements") ||
         BaseName(ParentPath(path)) == "requirements.d";
}

/// The requirements may name the engines that are good enough.
Result<> CheckEngine(const config::Selected& selected) {
  if (!selected.require_engine) return {};
  const auto& [engines, from] = *selected.require_engine;
  if (std::ranges::find(engines, kEngine) != engines.end()) return {};
  return Fail(ErrorCode::kUnsupported,
              "'require_engine' of the requirements does not permit the engine '" +
                  std::string(kEngine) + "', the only one there is; add it to the list",
              from);
}

}  // namespace

Result<policy::Surroundings> PolicySurroundings(const PolicyOptions& options,
                                                const config::Sources& sources,
                                                const Surroundings& around) {
  policy::Surroundings out{.cwd = sources.cwd,
                           .home = sources.home,
                           .tmpdir = Lookup(around.environment, "TMPDIR"),
                           .add_dirs = {}};
  for (const std::string& path : options.add_dirs) {
    AMBIT_TRY(const std::string absolute, Absolute(around, path));
    out.add_dirs.push_back(FoldPath(absolute));
  }
  return out;
}

std::string HomeOf(const Surroundings& around, const FileView& files) {
  if (std::optional<std::string> home = LookupFilled(around, "HOME")) return *std::move(home);
  const Result<std::string> passwd = files.ReadFile("/etc/passwd", kEtcFileLimit);
  return passwd ? HomeFromPasswd(*passwd, around.uid) : "";
}

Surroundings CurrentSurroundings() {
  const Result<std::string> directory = os::CurrentDirectory();
  return {.environment = os::Environment(),
          .directory = directory ? *directory : "",
          .uid = os::UserId(),
          .host_name = os::HostName()};
}

Result<config::Sources> SourcesFor(const PolicyOptions& options, const Surroundings& around,
                                   const FileView& files) {
  config::Sources out;
  AMBIT_TRY(out.cwd, StartDirectory(options, around));
  out.home = HomeOf(around, files);
  AMBIT_CHECK(Place(around, options.config_home, out.config_home));
  out.ambit_home = LookupFilled(around, "AMBIT_HOME");
  out.xdg_config_home = LookupFilled(around, "XDG_CONFIG_HOME");
  out.config_profile = options.config_profile;
  out.profile = options.profile;
  out.overrides = options.overrides;
  if (options.system_config) {
    AMBIT_TRY(out.system_config, Absolute(around, *options.system_config));
  }
  AMBIT_CHECK(Place(around, options.managed_config, out.extra_managed_config));
  for (const std::string& path : options.requirements) {
    AMBIT_TRY(std::string absolute, Absolute(around, path));
    out.extra_requirements.push_back(std::move(absolute));
  }
  for (const std::string& path : options.checked_files) {
    AMBIT_TRY(std::string absolute, Absolute(around, path));
    auto& list = IsRequirementsFile(absolute) ? out.extra_requirements : out.checked_files;
    list.push_back(FoldPath(absolute));
  }
  out.host_name = HostName(out, around, files);
  return out;
}

Result<Loaded> LoadPolicy(const PolicyOptions& options, const Surroundings& around,
                          const FileView& files, StepTimer& timer) {
  AMBIT_TRY(const config::Sources sources, SourcesFor(options, around, files));
  Loaded out;
  out.home = sources.home;
  out.state_directory = StateDirectory(around, sources.home);
  AMBIT_TRY(out.selected, config::LoadAndSelect(sources, files));
  timer.Mark("load");
  AMBIT_TRY(const policy::Surroundings place, PolicySurroundings(options, sources, around));
  AMBIT_TRY(const auto own, OwnPlaces(sources, options, around));
  AMBIT_TRY(out.policy, ResolveProfile(own, out.selected, place, files));
  timer.Mark("resolve");
  return out;
}

Result<Loaded> LoadForThisHost(const PolicyOptions& options, const Surroundings& around,
                               StepTimer& timer) {
  AMBIT_TRY(Loaded out, LoadPolicy(options, around, os::DiskView(), timer));
  AMBIT_CHECK(run::LookUpMatches(out.policy));
  timer.Mark("walk");
  return out;
}

std::string Loaded::Choice() const {
  std::string out = "profile '" + Printable(policy.profile) + "'";
  if (!selected.how.empty()) out += " (" + selected.how + ")";
  for (std::size_t i = 1; i < selected.lineage.size(); ++i) {
    out += (i == 1 ? ", extends '" : ", which extends '") + Printable(selected.lineage[i]) + "'";
  }
  return out;
}

void SayWarnings(const Loaded& loaded) {
  for (const config::Notice& notice : loaded.policy.notices) Say(WarningLine(notice));
}

std::string GapText(const plan::Gap& gap) {
  const std::string place = ToString(gap.from);
  return "not enforced: " + gap.what + (place.empty() ? "" : " (" + place + ")");
}

Result<plan::Plan> PlanFor(const config::Selected& selected, const policy::Policy& policy,
                           const HostFacts& host) {
  AMBIT_CHECK(CheckEngine(selected));
  return plan_linux::Lower(policy, host);
}

Result<Planned> MakePlan(const Loaded& loaded, StepTimer& timer) {
  AMBIT_TRY(HostFacts host, os::ProbeHost());
  timer.Mark("probe");
  AMBIT_TRY(plan::Plan plan, PlanFor(loaded.selected, loaded.policy, host));
  timer.Mark("plan");
  return Planned{std::move(host), std::move(plan)};
}

}  // namespace ambit::cli
