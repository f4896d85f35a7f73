#include "run/proof.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/path_text.h"
#include "os/attempt_calls.h"

namespace ambit::run {
namespace {

/// At start, of each kind of operation.
constexpr std::size_t kFew = 3;

class Collection {
 public:
  Collection(const plan::Plan& plan, const policy::Policy& policy, const HostFacts& host, bool all)
      : plan_(plan), policy_(policy), fenced_(host.landlock_abi != 0), all_(all) {
    for (const plan::Op& op : plan.ops) {
      if (std::holds_alternative<plan::ScopedProcesses>(op)) mounts_ = false;
      if (const auto* const mediate = std::get_if<plan::Mediate>(&op)) mediate_ = mediate;
      ++totals_[op.index()];
    }
  }

  std::vector<Witness> Run() {
    std::size_t seen[std::variant_size_v<plan::Op>] = {};
    for (const plan::Op& op : plan_.ops) {
      if (!IsChosen(seen[op.index()]++, totals_[op.index()])) continue;
      std::visit([this](const auto& one) { Add(one); }, op);
    }
    return std::move(out_);
  }

 private:
  /// A few, spread evenly over all.
  [[nodiscard]] bool IsChosen(std::size_t index, std::size_t total) const {
    if (all_ || total <= kFew) return true;
    return index % (total / kFew) == 0;
  }

  void Push(Attempt attempt, bool early, std::string path, std::string rule, SourceRef from = {}) {
    out_.push_back({attempt, early, false, std::move(path), std::move(rule), std::move(from)});
  }
  [[nodiscard]] bool IsMediated(std::string_view path) const {
    return mediate_ != nullptr && std::ranges::any_of(mediate_->below, [path](const auto& root) {
             return IsAtOrBelow(path, root);
           });
  }
  /// By what is there natively, and as the command meets it.
  void PushBoth(Attempt attempt, const std::string& path, const std::string& rule,
                const SourceRef& from) {
    if (mounts_) Push(attempt, true, path, rule, from);
    Push(attempt, false, path, rule, from);
  }

  void Add(const plan::StartFrom& op) {
    if (op.view == plan::View::kReadOnly) PushBoth(Attempt::kMakeIn, "/", "read-only disk", {});
  }
  void Add(const plan::FreshProc&) {}
  void Add(const plan::PrivateDev&) {}
  void Add(const plan::ScopedProcesses&) {}
  void Add(const plan::ScopedDevices&) {}
  void Add(const plan::Expose& op) {
    if (op.writable) return;
    PushBoth(op.directory ? Attempt::kMakeIn : Attempt::kWrite, op.path, op.why, op.from);
  }
  void Add(const plan::Hide& op) { PushBoth(Attempt::kRead, op.path, op.why, op.from); }
  void Add(const plan::Pin&) {}
  void Add(const plan::MakeLink&) {}
  void Add(const plan::HideMatches& op) {
    if (!op.live) {
      for (std::size_t i = 0; i < op.found.size(); ++i) {
        if (IsChosen(i, op.found.size())) PushBoth(Attempt::kRead, op.found[i], op.given, op.from);
      }
      return;
    }
    const std::string example = JoinPath(op.base, op.glob.Example());
    if (policy::Decide(policy_, example).pattern == nullptr) return;
    Push(Attempt::kRead, false, example, op.given, op.from);
    if (IsMediated(example)) Push(Attempt::kMake, false, example, op.given, op.from);
  }
  void Add(const plan::Forbid& op) {
    if (IsMediated(op.path)) Push(Attempt::kMake, false, op.path, op.why, op.from);
    if (op.hidden) Push(Attempt::kRead, false, op.path, op.why, op.from);
  }
  void Add(const plan::Mediate& op) {
    if (!fenced_) return;
    for (std::size_t i = 0; i < op.below.size(); ++i) {
      if (!IsChosen(i, op.below.size())) continue;
      Push(Attempt::kMakeIn, true, op.below[i], "changes go through the broker");
    }
  }
  void Add(const plan::NoNetwork&) {
    if (mounts_) Push(Attempt::kRoute, true, "", "no network");
    Push(Attempt::kSocket, false, "", "no network");
  }
  void Add(const plan::DropPrivileges&) {
    Push(Attempt::kCapability, true, "", "no capability");
    Push(Attempt::kPrivilege, true, "", "no new privilege");
    Push(Attempt::kNamespace, false, "", "no new namespace");
  }
  void Add(const plan::Limit&) {}
  void Add(const plan::StartIn& op) {
    if (policy::Decide(policy_, op.path).access == policy::Access::kNone) return;
    Push(Attempt::kRead, false, op.path, "the start directory");
    out_.back().has_to_work = true;
  }

  const plan::Plan& plan_;
  const policy::Policy& policy_;
  const bool fenced_;
  const bool all_;
  bool mounts_ = true;
  const plan::Mediate* mediate_ = nullptr;
  std::size_t totals_[std::variant_size_v<plan::Op>] = {};
  std::vector<Witness> out_;
};

int Try(const Witness& witness) {
  const char* const path = witness.path.c_str();
  switch (witness.attempt) {
    case Attempt::kRead:
      return os::TryRead(path);
    case Attempt::kWrite:
      return os::TryWrite(path);
    case Attempt::kMakeIn:
      return os::TryMakeIn(path);
    case Attempt::kMake:
      return os::TryMake(path);
    case Attempt::kSocket:
      return os::TrySocket();
    case Attempt::kRoute:
      return os::TryRoute();
    case Attempt::kNamespace:
      return os::TryNamespace();
    case Attempt::kCapability:
      return os::TryCapability();
    case Attempt::kPrivilege:
      return os::TryPrivilege();
  }
  return -ENOSYS;
}

}  // namespace

Verdict Judge(const Witness& witness, int result) {
  if (result == kNotTried) return Verdict::kUntold;
  if (witness.has_to_work) return result >= 0 ? Verdict::kHolds : Verdict::kBroken;
  if (result >= 0) return Verdict::kBroken;
  switch (-result) {
    case EACCES:
    case EPERM:
    case EROFS:
    case ENETUNREACH:
      return Verdict::kHolds;
    default:
      return Verdict::kUntold;
  }
}

std::vector<Witness> WitnessesFor(const plan::Plan& plan, const policy::Policy& policy,
                                  const HostFacts& host, bool all) {
  return Collection(plan, policy, host, all).Run();
}

std::size_t Prove(const std::vector<Witness>& witnesses, bool early, int* results) {
  std::size_t broken = witnesses.size();
  for (std::size_t i = 0; i < witnesses.size(); ++i) {
    if (witnesses[i].early != early) continue;
    results[i] = Try(witnesses[i]);
    if (broken == witnesses.size() && Judge(witnesses[i], results[i]) == Verdict::kBroken) {
      broken = i;
    }
  }
  return broken;
}

std::string Describe(const Witness& witness) {
  const std::string path = "'" + Printable(witness.path) + "'";
  switch (witness.attempt) {
    case Attempt::kRead:
      return "open " + path + " for reading";
    case Attempt::kWrite:
      return "open " + path + " for writing";
    case Attempt::kMakeIn:
      return "make a file in " + path;
    case Attempt::kMake:
      return "make " + path;
    case Attempt::kSocket:
      return "make an internet socket";
    case Attempt::kRoute:
      return "find a way to the internet";
    case Attempt::kNamespace:
      return "make a user namespace";
    case Attempt::kCapability:
      return "use a capability";
    case Attempt::kPrivilege:
      return "get a privilege by exec";
  }
  return "";
}

}  // namespace ambit::run
