#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/path_text.h"
#include "policy/draft.h"
#include "policy/entry_expansion.h"
#include "policy/environment.h"
#include "policy/link_check.h"
#include "policy/managed_floor.h"
#include "policy/merge_sort.h"
#include "policy/metadata.h"
#include "policy/missing.h"
#include "policy/policy.h"
#include "policy/workspace_roots.h"

namespace ambit::policy {
namespace {

/// Everything of the profile that needs no look at the disk.
Result<> CopySettings(const config::Selected& selected, Policy& policy) {
  const config::Profile& profile = selected.profile;
  policy.profile = profile.name;
  policy.notices = selected.notices;
  if (profile.deny_mode) policy.deny_mode = profile.deny_mode->value;
  policy.environment = MakeEnvironmentPolicy(profile.environment);
  policy.limits = profile.limits;
  if (profile.network.enabled) {
    policy.network.enabled = profile.network.enabled->value;
    policy.network.enabled_from = profile.network.enabled->from;
  }
  if (profile.network.capture) policy.network.capture = profile.network.capture->value;
  AMBIT_TRY(policy.network.rules,
            NetworkRules::Make(profile.network, selected.managed_network, policy.notices));
  policy.environment.secrets = SecretVariables(policy.network.rules.http(), profile.environment);
  return {};
}

/// Full access is all or nothing: a floor under it would not hold.
Result<Policy> ResolveUnrestricted(const config::Selected& selected, const Surroundings& around,
                                   const FileView& files) {
  if (!selected.managed_denies.empty()) {
    return Fail(ErrorCode::kDenied,
                "'" + Printable(selected.profile.name) +
                    "' cannot be used while the administrator's deny_read closes anything; select "
                    "':workspace' or ':read-only'",
                selected.managed_denies.front().from);
  }
  Policy policy;
  AMBIT_CHECK(CopySettings(selected, policy));
  policy.unrestricted = true;
  AMBIT_TRY(RealPath cwd, ResolveRealPath(files, FoldPath(around.cwd)));
  policy.cwd = std::move(cwd.path);
  return policy;
}

/// At one path: managed before all, then deny, write, read (profiles.md 7).
int Strength(const PathRule& rule) {
  if (rule.origin == Origin::kManaged) return 3;
  if (rule.access == Access::kNone) return 2;
  return rule.access == Access::kWrite ? 1 : 0;
}

const std::string& PathOf(const Request* request) { return request->rule.path; }

/// The rule of a request, which keeps it only when it crossed a link.
PathRule TakeRule(Request& request) {
  return request.crossed.empty() ? std::move(request.rule) : request.rule;
}

/// Settles the ties of the requests for one path: what is weaker than the strongest has no effect,
/// nor has a `write` on something missing. Of equals each counts, for the ways to the path may
/// differ, but only the first becomes the rule.
void SettleTie(std::span<Request* const> same_path) {
  const auto strength = [](const Request* request) { return Strength(request->rule); };
  Request* const winner = *std::ranges::max_element(same_path, {}, strength);
  for (Request* const request : same_path) {
    const PathRule& rule = request->rule;
    request->lost = strength(request) < strength(winner) ||
                    (rule.access == Access::kWrite && rule.kind == FileKind::kMissing);
  }
  winner->stands = !winner->lost;
}

/// Settles all ties. Of the requests only those stay that crossed a link.
void SettleTies(Draft& draft) {
  std::vector<Request*> by_path;
  by_path.reserve(draft.requests.size());
  for (Request& request : draft.requests) by_path.push_back(&request);
  SortMostlySorted(by_path, PathOf);
  for (auto first = by_path.begin(); first != by_path.end();) {
    const auto last = std::find_if(
        first, by_path.end(), [first](const Request* r) { return PathOf(r) != PathOf(*first); });
    SettleTie({first, last});
    first = last;
  }
  draft.policy.rules.reserve(by_path.size());
  for (Request* const request : by_path) {
    if (request->stands) draft.policy.rules.push_back(TakeRule(*request));
  }
  for (Request& request : draft.requests) {
    if (!request.stands) draft.policy.ties_lost.push_back(TakeRule(request));
  }
  std::erase_if(draft.requests, [](const Request& request) { return request.crossed.empty(); });
  for (const PatternRequest& request : draft.patterns) {
    draft.policy.patterns.push_back(request.rule);
  }
  draft.policy.Reindex();
}

/// Takes grants out of the rules that a pattern or a managed deny closes anyway, so that whoever
/// carries the rules out one by one cannot reopen anything with them.
void DropClosedGrants(Draft& draft) {
  Policy& policy = draft.policy;
  const auto is_closed = [&policy](const PathRule& rule) {
    return rule.access != Access::kNone && Decide(policy, rule.path).access == Access::kNone;
  };
  const auto has_floor = [](std::size_t floor) { return floor != Policy::kNoRule; };
  if (policy.patterns.empty() && std::ranges::none_of(policy.floor_above, has_floor)) return;
  std::vector<bool> closed;
  closed.reserve(policy.rules.size());
  for (const PathRule& rule : policy.rules) closed.push_back(is_closed(rule));
  if (std::ranges::find(closed, true) == closed.end()) return;
  std::vector<PathRule> kept;
  kept.reserve(policy.rules.size());
  for (std::size_t i = 0; i < closed.size(); ++i) {
    (closed[i] ? policy.ties_lost : kept).push_back(std::move(policy.rules[i]));
  }
  policy.rules = std::move(kept);
  policy.Reindex();
  for (Request& request : draft.requests) {
    if (request.rule.access != Access::kNone && !policy.HasRule(request.rule.path)) {
      request.lost = true;
    }
  }
}

/// Without one of these no program, and no library, can be loaded.
Result<> CheckProgramsReadable(const Draft& draft) {
  constexpr std::array kProgramPlaces = {"/",    "/bin",   "/sbin",      "/usr",
                                         "/lib", "/lib64", "/nix/store", "/run/current-system/sw"};
  for (const char* place : kProgramPlaces) {
    AMBIT_TRY(const RealPath real, ResolveRealPath(draft.files, place));
    if (real.kind == FileKind::kMissing) continue;
    if (Decide(draft.policy, real.path).access != Access::kNone) return {};
  }
  const std::string problem = draft.policy.rules.empty()
                                  ? "has no usable file entries, so the command cannot be loaded"
                                  : "gives no program to load: neither ':minimal' nor ':root' is "
                                    "readable";
  return Fail(ErrorCode::kInvalidConfig,
              "profile '" + Printable(draft.profile()) + "' " + problem +
                  "; add \":minimal\" = \"read\" to its filesystem table",
              draft.selected.profile.from);
}

void FinishLists(Draft& draft) {
  Policy& policy = draft.policy;
  for (const Request& request : draft.requests) {
    const PathRule& rule = request.rule;
    const bool grants = rule.access != Access::kNone && rule.origin == Origin::kEntry;
    if (request.lost || !grants) continue;
    for (const RealPath::Crossed& link : request.crossed) {
      policy.links.push_back({link.link, link.text});
    }
  }
  std::ranges::sort(policy.links, {}, &LinkRule::path);
  const auto same = std::ranges::unique(policy.links, {}, &LinkRule::path);
  policy.links.erase(same.begin(), same.end());
  for (const PathRule& rule : policy.rules) {
    if (rule.access == Access::kWrite) policy.writable_roots.push_back(rule.path);
  }
}

Result<> AddSockets(Draft& draft) {
  std::vector<std::string> workspace;
  for (const Root& root : draft.roots) {
    if (!root.is_file) workspace.push_back(root.path);
  }
  AMBIT_TRY(draft.policy.sockets,
            MakeUnixSocketPolicy(draft.selected, draft.around.home, std::move(workspace),
                                 draft.files, draft.policy.notices));
  return {};
}

}  // namespace

Result<Policy> Resolve(const config::Selected& selected, const Surroundings& around,
                       const FileView& files) {
  if (selected.profile.unrestricted) return ResolveUnrestricted(selected, around, files);
  Draft draft{selected, around, files};
  AMBIT_CHECK(CopySettings(selected, draft.policy));
  AMBIT_CHECK(FindWorkspaceRoots(draft));
  AMBIT_CHECK(ExpandEntries(draft));
  AMBIT_CHECK(CloseSecretFiles(draft));
  AMBIT_CHECK(ExpandManagedDenies(draft));
  AMBIT_CHECK(CheckOpenGrants(draft));
  SettleTies(draft);
  DropClosedGrants(draft);
  AMBIT_CHECK(ProtectMetadata(draft));
  AMBIT_CHECK(CheckLinks(draft));
  AMBIT_CHECK(CheckProgramsReadable(draft));
  draft.policy.Reindex();
  CloseFirstMissing(draft);
  FinishLists(draft);
  AMBIT_CHECK(AddSockets(draft));
  return std::move(draft.policy);
}

}  // namespace ambit::policy
