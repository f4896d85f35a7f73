#include "cli/own_places.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "audit/denial_record.h"
#include "base/glob.h"
#include "base/path_text.h"
#include "cli/environment.h"
#include "config/builtins.h"
#include "config/layers.h"
#include "config/trust_records.h"

namespace ambit::cli {
namespace {

/// Whether an entry names the place itself, or something in it.
bool IsNamed(const policy::Policy& policy, const std::string& place) {
  return std::ranges::any_of(policy.rules, [&place](const policy::PathRule& rule) {
    return rule.access == policy::Access::kWrite && IsAtOrBelow(rule.path, place) &&
           !rule.given.starts_with(':');
  });
}

/// The entries that close one place; none where the command cannot write to it anyway.
Result<std::vector<config::PathEntry>> Closing(const OwnPlace& own, const policy::Policy& policy,
                                               const FileView& files) {
  AMBIT_TRY(const RealPath real, ResolveRealPath(files, own.path));
  std::vector<config::PathEntry> out;
  if (real.kind == FileKind::kMissing && !own.when_missing) return out;
  if (policy::Decide(policy, real.path).access != policy::Access::kWrite) return out;
  if (IsNamed(policy, real.path)) return out;
  if (LooksLikePattern(real.path)) {
    return Fail(ErrorCode::kInvalidConfig,
                "'" + Printable(real.path) +
                    "' is where ambit itself writes, and the command could as well: no entry can "
                    "close it because its name has pattern characters; choose another place");
  }
  out.push_back({real.path, std::nullopt, config::AccessWord::kRead, own.from});
  for (const std::string& file : own.files) {
    out.push_back({JoinPath(real.path, file), std::nullopt, config::AccessWord::kRead, own.from});
  }
  return out;
}

}  // namespace

std::string StateDirectory(const Surroundings& around, const std::string& home) {
  const std::optional<std::string> xdg = Lookup(around.environment, "XDG_STATE_HOME");
  if (xdg && xdg->starts_with('/')) return FoldPath(*xdg + "/ambit");
  return home.starts_with('/') ? FoldPath(home + "/.local/state/ambit") : "";
}

Result<std::vector<OwnPlace>> OwnPlaces(const config::Sources& sources,
                                        const PolicyOptions& options, const Surroundings& around) {
  const SourceRef builtin{config::kBuiltinFile, 0, 0};
  std::vector<OwnPlace> out;
  AMBIT_TRY(const auto home, config::ConfigHome(sources));
  if (home) {
    out.push_back({FoldPath(*home),
                   {std::string(config::kUserFile), std::string(config::kTrustFile)},
                   true,
                   builtin});
  }
  // While there is none, to close it would close the way there to other programs as well; `run`
  // makes it before it lets a command loose on its parents.
  if (std::string state = StateDirectory(around, sources.home); !state.empty()) {
    out.push_back({std::move(state), {std::string(audit::kRecordFile)}, false, builtin});
  }
  if (options.events_file) {
    out.push_back({*options.events_file, {}, false, {kEventsPlace, 0, 0}});
  }
  if (options.attest_file) {
    out.push_back({*options.attest_file, {}, true, {kAttestPlace, 0, 0}});
  }
  return out;
}

Result<policy::Policy> ResolveProfile(const std::vector<OwnPlace>& own, config::Selected& selected,
                                      const policy::Surroundings& place, const FileView& files) {
  AMBIT_TRY(policy::Policy policy, policy::Resolve(selected, place, files));
  if (policy.unrestricted) return policy;
  const std::size_t before = selected.profile.filesystem.size();
  for (const OwnPlace& one : own) {
    AMBIT_TRY(const auto entries, Closing(one, policy, files));
    auto& all = selected.profile.filesystem;
    all.insert(all.end(), entries.begin(), entries.end());
  }
  if (selected.profile.filesystem.size() == before) return policy;
  return policy::Resolve(selected, place, files);
}

}  // namespace ambit::cli
