#include "plan_linux/lower.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "base/path_text.h"
#include "plan_linux/mount_aliases.h"

namespace ambit::plan_linux {
namespace {

using plan::Claim;
using plan::Expose;
using plan::Hide;
using plan::Op;
using plan::Outcome;
using plan::Pin;
using plan::View;
using policy::Access;
using policy::Decide;
using policy::Origin;
using policy::PathRule;
using policy::PatternRule;
using policy::Policy;

std::string Why(const PathRule& rule) {
  switch (rule.origin) {
    case Origin::kEntry:
    case Origin::kMatched:
      break;
    case Origin::kProtected:
      return "protected metadata";
    case Origin::kManaged:
      return Printable(rule.given) + " of the requirements";
    case Origin::kSecret:
      return "secret " + Printable(rule.given) + " of the network table";
  }
  return Printable(rule.given);
}

/// Collects the operations on paths; each pass adds to the maps, Finish puts them in order.
class Lowering {
 public:
  Lowering(const Policy& policy, const HostFacts& host, Means means)
      : policy_(policy), host_(host), means_(means), aliases_(host.mounts) {}

  Result<plan::Plan> Run() {
    plan_.profile = policy_.profile;
    if (policy_.unrestricted) {
      plan_.unrestricted = true;
      return std::move(plan_);
    }
    AMBIT_CHECK(CheckMeans());
    LowerNetwork();
    AMBIT_CHECK(LowerLimits());
    AMBIT_CHECK(LowerRules());
    LowerPatterns();
    CloseKernelPlaces();
    AddPins();
    AddMediation();
    AddSockets();
    LeaveMasksToBroker();
    Finish();
    AMBIT_CHECK(plan::Check(plan_, claims_));
    AMBIT_CHECK(plan::CheckNetwork(plan_, policy_.network.enabled));
    return std::move(plan_);
  }

 private:
  [[nodiscard]] Access AccessAt(std::string_view path) const {
    return Decide(policy_, path).access;
  }
  [[nodiscard]] bool IsInWritable(std::string_view path) const {
    return path != "/" && AccessAt(ParentPath(path)) == Access::kWrite;
  }

  /// What only namespaces and mounts can do.
  Result<> CheckMeans() const {
    if (means_ == Means::kMounts) return {};
    if (!IsLive()) {
      return Fail(ErrorCode::kUnsupported,
                  "profile '" + Printable(policy_.profile) +
                      "' asks for deny_mode = \"snapshot\", which needs " +
                      (means_ == Means::kNoMounts ? "mounts" : "more mounts than bwrap makes") +
                      "; allow user namespaces, or use deny_mode = \"live\"");
    }
    if (means_ == Means::kCoarseMounts) return {};
    constexpr int kAbiWithScopes = 6;
    if (host_.landlock_abi < kAbiWithScopes) {
      return Fail(
          ErrorCode::kUnsupported,
          "without namespaces Landlock has to keep signals inside, which this kernel's does "
          "not (ABI " +
              std::to_string(host_.landlock_abi) +
              ", 6 is needed: Linux 6.12); allow user namespaces, or use a newer kernel");
    }
    if (policy_.limits.processes) {
      return Fail(ErrorCode::kUnsupported,
                  "limits.processes counts the processes of a sandbox only in a user namespace; "
                  "allow user namespaces, or remove it",
                  policy_.limits.processes->from);
    }
    return {};
  }

  void LowerNetwork() {
    const policy::NetworkPolicy& network = policy_.network;
    if (!network.enabled) return;
    proxied_ = plan::ProxiedNetwork{network.capture, network.enabled_from};
  }

  Result<> LowerLimits() {
    const config::LimitsTable& table = policy_.limits;
    if (table.processes && host_.uid == 0) {
      // setrlimit(2): RLIMIT_NPROC does not bind the real uid 0.
      return Fail(ErrorCode::kUnsupported,
                  "limits.processes cannot be enforced for uid 0; remove it, or run as an ordinary "
                  "user",
                  table.processes->from);
    }
    plan::Limit op;
    const auto set = [&op](const auto& setting, std::optional<std::uint64_t>& out) {
      if (!setting) return;
      out = static_cast<std::uint64_t>(setting->value);
      op.from = setting->from;
    };
    set(table.cpu_seconds, op.cpu_seconds);
    set(table.file_size, op.file_size);
    set(table.open_files, op.open_files);
    set(table.processes, op.processes);
    if (!op.from.file.empty()) limit_ = op;
    return {};
  }

  Result<> LowerRules() {
    for (const PathRule& rule : policy_.rules) AMBIT_CHECK(LowerRule(rule));
    return {};
  }

  Result<> LowerRule(const PathRule& rule) {
    if (rule.path == "/") return {};
    AMBIT_CHECK(RefuseOddProc(rule));
    const Access access = AccessAt(rule.path);
    if (access < rule.access) return {};  // a pattern or a managed deny has taken it away
    const Access around = AccessAt(ParentPath(rule.path));
    if (rule.access == Access::kNone && around != Access::kNone) denies_ = true;
    if (rule.kind == FileKind::kMissing) {
      if (rule.access < around) LowerMissing(rule, around);
      return {};
    }
    if (rule.access != Access::kWrite) {
      claims_.push_back({rule.path,
                         rule.access == Access::kNone ? Outcome::kHidden : Outcome::kReadOnly,
                         rule.from});
    }
    if (rule.access == around) return {};
    if (rule.access == Access::kNone) {
      AddHide(rule.path, rule.kind == FileKind::kDirectory, Why(rule), rule.from);
    } else {
      Expose op{rule.path, rule.access == Access::kWrite, rule.kind == FileKind::kDirectory,
                rule.from, Why(rule)};
      exposes_.insert_or_assign(rule.path, std::move(op));
    }
    carved_.insert(rule.path);
    CoverAliases(rule);
    return {};
  }

  /// The processes in /proc are the sandbox's own, so a number there names nobody we know.
  Result<> RefuseOddProc(const PathRule& rule) const {
    if (!IsAtOrBelow(rule.path, "/proc")) return {};
    if (rule.access == Access::kWrite) {
      return Fail(ErrorCode::kUnsupported,
                  "'" + Printable(rule.given) +
                      "' cannot be writable: /proc is private to the "
                      "sandbox; remove the entry",
                  rule.from);
    }
    const std::string_view rest = RelativeTo(rule.path, "/proc");
    if (!rest.empty() && rest.front() >= '0' && rest.front() <= '9') {
      return Fail(ErrorCode::kUnsupported,
                  "'" + Printable(rule.given) +
                      "' names one process: the sandbox has a /proc of "
                      "its own, where the rule would mean nothing; remove the entry",
                  rule.from);
    }
    return {};
  }

  void AddHide(const std::string& path, bool directory, std::string why, const SourceRef& from) {
    hides_.insert_or_assign(path, Hide{path, directory, {}, from, std::move(why)});
  }

  /// The same files under other names: closed there as far as they are more open than the rule.
  void CoverAliases(const PathRule& rule) {
    if (rule.access == Access::kWrite) return;
    for (const Alias& alias : aliases_.Of(rule.path)) {
      if (AccessAt(alias.path) <= rule.access) continue;
      const std::string why = "the same files as " + Printable(rule.path);
      const bool directory = rule.kind == FileKind::kDirectory;
      if (rule.access == Access::kNone) {
        AddHide(alias.path, directory, why, rule.from);
      } else {
        exposes_.insert_or_assign(alias.path, Expose{alias.path, false, directory, rule.from, why});
      }
      carved_.insert(alias.path);
      claims_.push_back({alias.path,
                         rule.access == Access::kNone ? Outcome::kHidden : Outcome::kReadOnly,
                         rule.from});
    }
  }

  [[nodiscard]] bool IsLive() const { return policy_.deny_mode == config::DenyMode::kLive; }

  void LowerPatterns() {
    for (const PatternRule& rule : policy_.patterns) {
      denies_ = true;
      if (!IsLive()) NoteSnapshot(rule);
      if (!rule.base_exists && !IsLive()) continue;
      plan::HideMatches op{rule.base,    rule.glob, rule.max_depth,       IsLive(),
                           rule.matches, rule.from, Printable(rule.given)};
      AddAliasesOfMatches(rule, op);
      // Where directory names count, moving one of them would take the file out of the pattern.
      if (!rule.glob.is_basename_only()) carved_.insert(rule.matches.begin(), rule.matches.end());
      for (std::string dir = rule.base;
           rule.base_exists && dir != rule.pin_from && IsInWritable(dir); dir = ParentPath(dir)) {
        pins_.emplace(dir, "part of " + Printable(rule.given));
      }
      matches_.push_back(std::move(op));
    }
  }

  /// What /proc, /sys and /dev are kept from is not to be had through the same somewhere else, even
  /// where that lies in a writable place.
  void CloseKernelPlaces() {
    const auto around = [this](std::string_view path) {
      return std::ranges::any_of(host_.kernel_places, [path](const KernelPlace& other) {
        return other.path != path && IsAtOrBelow(path, other.path);
      });
    };
    for (const KernelPlace& place : host_.kernel_places) {
      if (AccessAt(place.path) == Access::kNone || around(place.path)) continue;
      if (!closed_.insert(place.path).second) continue;
      if (means_ == Means::kNoMounts) continue;
      AddHide(place.path, place.directory, "an interface of the kernel", {});
      carved_.insert(place.path);
      claims_.push_back({place.path, Outcome::kHidden, {}});
    }
  }

  /// What a look at the start leaves open.
  void NoteSnapshot(const PatternRule& rule) {
    if (!rule.base_exists) {
      if (!IsInWritable(rule.base)) return;
      plan_.gaps.push_back({"'" + Printable(rule.given) + "': '" + Printable(rule.base) +
                                "' does not exist yet; what appears there is not closed",
                            rule.from, rule.from.line != 0});
    } else {
      plan_.gaps.push_back({"'" + Printable(rule.given) +
                                "': looked up at start; what comes to match later is not closed",
                            rule.from, false});
    }
  }

  /// The same files under the names that bind mounts of the base, or of parts of it, give them.
  void AddAliasesOfMatches(const PatternRule& rule, plan::HideMatches& op) const {
    for (const Alias& alias : aliases_.Of(rule.base)) {
      const std::string part = JoinPath(rule.base, alias.part);
      for (const std::string& match : rule.matches) {
        if (IsAtOrBelow(match, part)) {
          op.found.push_back(JoinPath(alias.path, RelativeTo(match, part)));
        }
      }
    }
  }

  /// Nothing can be mounted on what is not there: the calls that would make it are watched.
  void LowerMissing(const PathRule& rule, Access around) {
    if (IsLive()) {
      forbids_.push_back({rule.path, rule.access == Access::kNone, rule.from, Why(rule)});
    } else if (around == Access::kWrite) {
      const bool written = rule.origin != Origin::kProtected && rule.from.line != 0;
      plan_.gaps.push_back(
          {"'" + Printable(rule.path) + "' does not exist yet; its creation is not prevented",
           rule.from, written});
    }
    for (std::string dir = rule.deepest_existing; around == Access::kWrite && IsInWritable(dir);
         dir = ParentPath(dir)) {
      pins_.emplace(dir, "on the way to " + Printable(rule.path));
    }
  }

  /// The calls that cannot be decided by what is mounted when the command starts.
  void AddMediation() {
    if (!IsLive()) return;
    plan::Mediate op;
    // Without mounts nothing else tells one file from another.
    op.opens = denies_ || means_ == Means::kNoMounts;
    // Without masks and pins every change has to be decided.
    if (!op.opens && forbids_.empty() && means_ == Means::kMounts) return;
    if (AccessAt("/") == Access::kWrite) op.below.emplace_back("/");
    for (const auto& [path, expose] : exposes_) {
      if (expose.writable) op.below.push_back(path);
    }
    if (!op.opens && op.below.empty()) return;
    std::set<std::string> governed(op.below.begin(), op.below.end());
    for (const PatternRule& rule : policy_.patterns) governed.insert(rule.base);
    for (const PathRule& rule : policy_.rules) {
      if (rule.access == Access::kNone) governed.emplace(ParentPath(rule.path));
    }
    for (const std::string& dir : governed) {
      for (const Alias& alias : aliases_.Of(dir)) {
        op.aliases.push_back({alias.path, JoinPath(dir, alias.part)});
      }
    }
    if (means_ == Means::kNoMounts) op.closed.assign(closed_.begin(), closed_.end());
    mediate_ = std::move(op);
  }

  /// Where calls are decided anyway, programs may also talk through socket files of their own.
  void AddSockets() {
    const policy::UnixSocketPolicy& sockets = policy_.sockets;
    const bool named = sockets.AllowsAny();
    if (!named && !mediate_) return;
    plan::Sockets op{.named = named, .all = named && sockets.all, .allowed = {}, .from = {}};
    for (const policy::SocketRule& rule : sockets.rules) {
      if (!named || !rule.allow || rule.kind != FileKind::kSocket) continue;
      op.allowed.push_back(rule.path);
      ShowSocket(rule);
    }
    if (op.all) op.from = sockets.all_from;
    sockets_ = std::move(op);
  }

  /// In a private root an allowed socket is there, even when no file rule shows it.
  void ShowSocket(const policy::SocketRule& rule) {
    const policy::Decision decision = Decide(policy_, rule.path);
    if (decision.access != Access::kNone || decision.rule != nullptr || decision.pattern) return;
    exposes_.try_emplace(rule.path, Expose{rule.path, false, false, rule.from,
                                           Printable(rule.given) + " of unix_sockets"});
  }

  /// Between a writable root and something carved out of it no directory may be moved away, or the
  /// path of the rule would come to name something else.
  void AddPins() {
    for (const std::string& path : carved_) {
      for (std::string dir(ParentPath(path)); IsInWritable(dir); dir = ParentPath(dir)) {
        pins_.emplace(dir, "on the way to " + Printable(path));
      }
    }
  }

  /// A mask costs some microseconds at every start, and far more where bwrap mounts it. Where every
  /// open is decided anyway, a policy with very many of them does without.
  void LeaveMasksToBroker() {
    const std::size_t most = means_ == Means::kCoarseMounts ? 24 : 256;
    if (!mediate_ || !mediate_->opens || hides_.size() + pins_.size() <= most) return;
    AddReopened();
    std::erase_if(hides_, [this](const auto& one) {
      const Hide& hide = one.second;
      if (!hide.reopened.empty() || closed_.contains(hide.path)) return false;
      forbids_.push_back({hide.path, true, hide.from, hide.why});
      return true;
    });
    for (auto& [path, hide] : hides_) hide.reopened.clear();
    pins_.clear();
  }

  void Finish() {
    const Access whole = AccessAt("/");
    plan_.ops.push_back(plan::StartFrom{whole == Access::kNone    ? View::kEmpty
                                        : whole == Access::kWrite ? View::kWritable
                                                                  : View::kReadOnly});
    if (means_ != Means::kNoMounts) {
      plan_.ops.push_back(plan::FreshProc{});
      plan_.ops.push_back(plan::PrivateDev{});
    } else {
      plan_.ops.push_back(plan::ScopedProcesses{});
      plan_.ops.push_back(plan::ScopedDevices{});
    }
    if (whole == Access::kNone) {
      for (const policy::LinkRule& link : policy_.links) {
        plan_.ops.push_back(plan::MakeLink{link.path, link.text});
      }
    }
    AddReopened();
    AddPathOps();
    for (plan::HideMatches& op : matches_) plan_.ops.push_back(std::move(op));
    for (plan::Forbid& op : forbids_) plan_.ops.push_back(std::move(op));
    if (mediate_) plan_.ops.push_back(*std::move(mediate_));
    if (proxied_) {
      plan_.ops.push_back(*proxied_);
    } else {
      plan_.ops.push_back(plan::NoNetwork{});
    }
    if (sockets_) plan_.ops.push_back(*std::move(sockets_));
    plan_.ops.push_back(plan::DropPrivileges{});
    if (limit_) plan_.ops.push_back(*limit_);
    plan_.ops.push_back(plan::StartIn{policy_.cwd});
  }

  /// Tells every hidden directory which of its descendants come back.
  void AddReopened() {
    for (const auto& [path, expose] : exposes_) {
      for (std::string dir(ParentPath(path));; dir = ParentPath(dir)) {
        if (exposes_.contains(dir)) break;  // reached through what was opened before
        if (const auto hide = hides_.find(dir); hide != hides_.end()) {
          hide->second.reopened.push_back(path);
          break;
        }
        if (dir == "/") break;
      }
    }
  }

  /// Parents before children; at one path a Hide has the last word.
  void AddPathOps() {
    struct Entry {
      std::size_t depth;
      std::string_view path;
      int rank;
      Op op;
    };
    std::vector<Entry> entries;
    entries.reserve(exposes_.size() + hides_.size() + pins_.size());
    for (auto& [path, op] : exposes_) entries.push_back({Depth(path), path, 1, std::move(op)});
    for (auto& [path, op] : hides_) entries.push_back({Depth(path), path, 2, std::move(op)});
    for (auto& [path, why] : pins_) {
      if (exposes_.contains(path) || hides_.contains(path)) continue;
      entries.push_back({Depth(path), path, 0, Pin{path, why}});
    }
    std::ranges::sort(entries, [](const Entry& a, const Entry& b) {
      return std::tie(a.depth, a.path, a.rank) < std::tie(b.depth, b.path, b.rank);
    });
    for (Entry& entry : entries) plan_.ops.push_back(std::move(entry.op));
  }

  const Policy& policy_;
  const HostFacts& host_;
  const Means means_;
  MountAliases aliases_;
  plan::Plan plan_;
  std::map<std::string, Expose, std::less<>> exposes_;
  std::map<std::string, Hide, std::less<>> hides_;
  std::map<std::string, std::string, std::less<>> pins_;  ///< path -> why
  std::set<std::string> carved_;
  std::set<std::string> closed_;  ///< Interfaces of the kernel.
  std::vector<plan::HideMatches> matches_;
  std::vector<plan::Forbid> forbids_;
  std::optional<plan::Mediate> mediate_;
  std::optional<plan::Sockets> sockets_;
  std::optional<plan::ProxiedNetwork> proxied_;
  bool denies_ = false;  ///< Something readable around it is closed.
  std::vector<Claim> claims_;
  std::optional<plan::Limit> limit_;
};

}  // namespace

Result<plan::Plan> Lower(const Policy& policy, const HostFacts& host, Means means) {
  return Lowering(policy, host, means).Run();
}

}  // namespace ambit::plan_linux
