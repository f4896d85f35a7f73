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

/// The home that /etc/passwd says; "" when it says none.
std::string AccountHome(const Surroundings& around, const FileView& files) {
  const Result<std::string> passwd = files.ReadFile("/etc/passwd", kEtcFileLimit);
  return passwd ? HomeFromPasswd(*passwd, around.uid) : "";
}

bool HasRequirements(const config::Sources& sources, const FileView& files) {
  const auto exists = [&files](const std::string& path) {
    const Result<FileInfo> info = files.Lstat(path);
    return !info || info->kind != FileKind::kMissing;
  };
  return !sources.extra_requirements.empty() || exists(sources.requirements) ||
         std::ranges::any_of(sources.requirement_dirs, exists);
}

/// What only requirements compare: the host's name, and the home that the account has, whatever
/// HOME says.
void FillForRequirements(const Surroundings& around, const FileView& files, config::Sources& out) {
  out.host_name = around.host_name;
  if (!HasRequirements(out, files)) return;
  out.account_home = AccountHome(around, files);
  const Result<std::string> hosts = files.ReadFile("/etc/hosts", kEtcFileLimit);
  if (hosts) out.host_name = QualifiedHostName(*hosts, around.host_name);
}

plan_linux::Means MeansOf(Engine engine) {
  switch (engine) {
    case Engine::kNative:
      return plan_linux::Means::kMounts;
    case Engine::kLandlock:
      return plan_linux::Means::kNoMounts;
    case Engine::kBubblewrap:
      return plan_linux::Means::kCoarseMounts;
  }
  return plan_linux::Means::kNoMounts;
}

/// By its name: requirements and configuration share keys that mean different things.
bool IsRequirementsFile(std::string_view path) {
  return BaseName(path).starts_with("requirements") ||
         BaseName(ParentPath(path)) == "requirements.d";
}

}  // namespace

Result<policy::Surroundings> PolicySurroundings(const PolicyOptions& options,
                                                const config::Sources& sources,
                                                const Surroundings& around) {
  policy::Surroundings out{.cwd = sources.cwd,
                           .home = sources.home,
                           .tmpdir = Lookup(around.environment, "TMPDIR"),
                           .add_dirs = {},
                           .account_home = sources.account_home};
  for (const std::string& path : options.add_dirs) {
    AMBIT_TRY(const std::string absolute, Absolute(around, path));
    out.add_dirs.push_back(FoldPath(absolute));
  }
  return out;
}

std::string HomeOf(const Surroundings& around, const FileView& files) {
  if (std::optional<std::string> home = LookupFilled(around, "HOME")) return *std::move(home);
  return AccountHome(around, files);
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
  FillForRequirements(around, files, out);
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

Result<plan::Plan> PlanFor(const policy::Policy& policy, const HostFacts& host, Engine engine) {
  return plan_linux::Lower(policy, host, MeansOf(engine));
}

Result<plan::Plan> PlanFor(const config::Selected& selected, const policy::Policy& policy,
                           const HostFacts& host) {
  AMBIT_TRY(const std::vector<Engine> engines, EnginesFor(selected, std::nullopt));
  return PlanFor(policy, host, engines.front());
}

Result<Planned> MakePlan(const Loaded& loaded, std::optional<Engine> asked, StepTimer& timer) {
  AMBIT_TRY(HostFacts host, os::ProbeHost());
  timer.Mark("probe");
  AMBIT_TRY(const std::vector<Engine> engines, EnginesFor(loaded.selected, asked));
  AMBIT_TRY(plan::Plan plan, PlanFor(loaded.policy, host, engines.front()));
  timer.Mark("plan");
  return Planned{std::move(host), std::move(plan), engines};
}

}  // namespace ambit::cli
