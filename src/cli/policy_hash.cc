#include "cli/policy_hash.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "base/json_text.h"
#include "base/path_text.h"
#include "base/sha256.h"
#include "cli/network_text.h"
#include "cli/own_places.h"

namespace ambit::cli {
namespace {

/// Quoted, with every byte told apart.
std::string Quote(std::string_view text) { return "'" + Printable(text) + "'"; }

std::string QuoteAll(const std::vector<std::string>& texts) {
  std::string out = "[";
  for (const std::string& text : texts) out += (out.size() > 1 ? ", " : "") + Quote(text);
  return out + "]";
}

std::string_view OriginWord(policy::Origin origin) {
  switch (origin) {
    case policy::Origin::kEntry:
      return "entry";
    case policy::Origin::kProtected:
      return "protected";
    case policy::Origin::kManaged:
      return "managed";
    case policy::Origin::kMatched:
      return "matched";
    case policy::Origin::kSecret:
      return "secret";
  }
  return "";
}

std::string_view InheritWord(config::EnvironmentInherit inherit) {
  switch (inherit) {
    case config::EnvironmentInherit::kAll:
      return "all";
    case config::EnvironmentInherit::kCore:
      return "core";
    case config::EnvironmentInherit::kNone:
      return "none";
  }
  return "";
}

/// A place that the command line of one run names.
bool IsOfThisRun(const SourceRef& from) {
  return from.file == kEventsPlace || from.file == kAttestPlace;
}

void AddFiles(const policy::Policy& policy, std::string& out) {
  for (const policy::PathRule& rule : policy.rules) {
    // What patterns lead to is found on the disk anew at every start.
    if (rule.origin == policy::Origin::kMatched || IsOfThisRun(rule.from)) continue;
    out += fmt::format("path {} {} {}\n", Quote(rule.path), ToWord(rule.access),
                       OriginWord(rule.origin));
  }
  for (const policy::PatternRule& pattern : policy.patterns) {
    out += fmt::format("pattern {} below {} from {} depth {} {}\n", Quote(pattern.glob.text()),
                       Quote(pattern.base), Quote(pattern.pin_from),
                       pattern.max_depth ? std::to_string(*pattern.max_depth) : "any",
                       OriginWord(pattern.origin));
  }
  for (const std::string& root : policy.writable_roots) {
    out += fmt::format("writable root {}\n", Quote(root));
  }
  out += fmt::format("deny_mode {}\n",
                     policy.deny_mode == config::DenyMode::kLive ? "live" : "snapshot");
}

/// What the profile's own table does not say.
void AddSockets(const policy::UnixSocketPolicy& sockets, std::string& out) {
  if (sockets.all) out += "unix sockets all\n";
  for (const policy::SocketRule& rule : sockets.rules) {
    if (!rule.managed) continue;
    out += fmt::format("managed unix socket {} {}\n", Quote(rule.given),
                       rule.allow ? "allow" : "deny");
  }
}

void AddEnvironment(const policy::EnvironmentPolicy& environment, std::string& out) {
  out += fmt::format("environment {} exclude {} include {}\n", InheritWord(environment.inherit),
                     QuoteAll(environment.exclude), QuoteAll(environment.include));
  if (!environment.secrets.empty()) {
    out += fmt::format("secrets {}\n", QuoteAll(environment.secrets));
  }
  for (const auto& [name, value] : environment.set) {
    out += fmt::format("set {} {}\n", Quote(name), Quote(value));
  }
}

void AddLimits(const config::LimitsTable& limits, std::string& out) {
  const auto add = [&out](std::string_view name, const auto& limit) {
    if (limit) out += fmt::format("limit {} {}\n", name, limit->value);
  };
  add("processes", limits.processes);
  add("open_files", limits.open_files);
  add("file_size", limits.file_size);
  add("cpu_seconds", limits.cpu_seconds);
}

}  // namespace

std::string CanonicalText(const Loaded& loaded) {
  const policy::Policy& policy = loaded.policy;
  std::string out = fmt::format("policy 1\nprofile {}\n", Quote(policy.profile));
  if (policy.unrestricted) return out + "no sandbox\n";
  out += fmt::format("start in {}\n", Quote(policy.cwd));
  AddFiles(policy, out);
  out += fmt::format("network {}\n", policy.network.enabled ? "enabled" : "off");
  AddNetworkText(loaded.selected.profile.network, loaded.selected.managed_network, out);
  AddSockets(policy.sockets, out);
  AddEnvironment(policy.environment, out);
  AddLimits(policy.limits, out);
  return out;
}

std::string PolicyHash(const Loaded& loaded) { return Sha256Hex(CanonicalText(loaded)); }

}  // namespace ambit::cli
