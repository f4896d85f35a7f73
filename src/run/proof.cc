#include "run/proof.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/path_text.h"
#include "os/attempt_calls.h"

namespace ambit::run {
namespace {

/// At start, of each kind of operation.
constexpr std::size_t kFew = 2;

class Collection {
 public:
  Collection(const plan::Plan& plan, const policy::Policy& policy, const HostFacts& host,
             int outside, bool all, std::uint16_t door)
      : plan_(plan),
        policy_(policy),
        fenced_(host.landlock_abi != 0),
        outside_(outside),
        all_(all),
        door_(door) {
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
    Witness& witness = out_.emplace_back();
    witness.attempt = attempt;
    witness.early = early;
    witness.path = std::move(path);
    witness.rule = std::move(rule);
    witness.from = std::move(from);
  }
  /// A rule that is listed, but not tried.
  void Leave(std::string rule, std::string_view why, SourceRef from = {}) {
    if (!all_) return;
    Push(Attempt::kNothing, true, "", std::move(rule), std::move(from));
    out_.back().untried = why;
  }
  void PushSignal(const std::string& rule) {
    Push(Attempt::kSignal, true, "", rule);
    out_.back().process = outside_;
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
  /// The mount alone: a layer of Landlock says the same and would hide that it is not there.
  void PushReadOnly(Attempt attempt, const std::string& path, const std::string& rule,
                    const SourceRef& from) {
    if (mounts_) Push(Attempt::kReadOnlyMount, true, path, rule, from);
    PushBoth(attempt, path, rule, from);
  }

  void Add(const plan::StartFrom& op) {
    if (op.view == plan::View::kReadOnly) PushReadOnly(Attempt::kMakeIn, "/", "read-only disk", {});
  }
  void Add(const plan::FreshProc&) { PushSignal("own processes"); }
  void Add(const plan::PrivateDev&) { Leave("own devices", "they are made anew"); }
  void Add(const plan::ScopedProcesses&) { PushSignal("processes outside are out of reach"); }
  void Add(const plan::ScopedDevices&) {
    // One that everybody may open. To open it early, Landlock has to refuse it without the broker.
    for (const bool early : {true, false}) {
      Push(Attempt::kRead, early, "/dev/ptmx", "harmless devices only");
    }
  }
  void Add(const plan::Expose& op) {
    if (op.writable) return;
    PushReadOnly(op.directory ? Attempt::kMakeIn : Attempt::kWrite, op.path, op.why, op.from);
  }
  void Add(const plan::Hide& op) { PushBoth(Attempt::kRead, op.path, op.why, op.from); }
  void Add(const plan::Pin& op) {
    Leave("'" + Printable(op.path) + "' stays where it is: " + op.why,
          "an attempt that works would move it");
  }
  void Add(const plan::MakeLink&) {}
  void Add(const plan::HideMatches& op) {
    if (!op.live) {
      for (std::size_t i = 0; i < op.found.size(); ++i) {
        if (IsChosen(i, op.found.size())) PushBoth(Attempt::kRead, op.found[i], op.given, op.from);
      }
      return;
    }
    const std::string example = JoinPath(op.base, op.glob.Example());
    if (policy::Decide(policy_, example).pattern == nullptr) {
      return Leave(op.given, "another rule decides about the name made up for it", op.from);
    }
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
  void Add(const plan::Sockets& op) {
    Leave("sockets", "a connection would be noticed by whoever is behind it", op.from);
  }
  /// The first without the broker, which would lead the connection to the proxy.
  void Add(const plan::ProxiedNetwork& op) {
    if (mounts_) {
      Push(Attempt::kRoute, true, "", "no network but through the proxy", op.from);
    } else {
      Push(Attempt::kTcp, true, "", "no network but through the proxy", op.from);
      Push(Attempt::kPastConnect, false, "", "no network but through the proxy", op.from);
    }
    Push(Attempt::kOtherSocket, false, "", "no network but through the proxy", op.from);
    Push(Attempt::kDoor, false, "", "the proxy can be reached", op.from);
    out_.back().has_to_work = true;
    out_.back().port = door_;
  }
  void Add(const plan::DropPrivileges&) {
    Push(Attempt::kCapability, true, "", "no capability");
    Push(Attempt::kPrivilege, true, "", "no new privilege");
    Push(Attempt::kNamespace, false, "", "no new namespace");
  }
  void Add(const plan::Limit& op) {
    Leave("limits", "they are felt only when they are reached", op.from);
  }
  void Add(const plan::StartIn& op) {
    if (policy::Decide(policy_, op.path).access == policy::Access::kNone) return;
    Push(Attempt::kRead, false, op.path, "the start directory");
    out_.back().has_to_work = true;
  }

  const plan::Plan& plan_;
  const policy::Policy& policy_;
  const bool fenced_;
  const int outside_;
  const bool all_;
  const std::uint16_t door_;
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
    case Attempt::kOtherSocket:
      return os::TryOtherSocket();
    case Attempt::kTcp:
      return os::TryTcp();
    case Attempt::kPastConnect:
      return os::TryPastConnect();
    case Attempt::kDoor:
      return os::TryLoopback(witness.port);
    case Attempt::kNamespace:
      return os::TryNamespace();
    case Attempt::kCapability:
      return os::TryCapability();
    case Attempt::kPrivilege:
      return os::TryPrivilege();
    case Attempt::kReadOnlyMount:
      return os::TryReadOnlyMount(path);
    case Attempt::kSignal:
      return os::TrySignal(witness.process);
    case Attempt::kNothing:
      return kNotTried;
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
    case EINVAL:
      // pidfd_send_signal(2): the process is none of the caller's pid namespace.
      return witness.attempt == Attempt::kSignal ? Verdict::kHolds : Verdict::kUntold;
    default:
      return Verdict::kUntold;
  }
}

std::vector<Witness> WitnessesFor(const plan::Plan& plan, const policy::Policy& policy,
                                  const HostFacts& host, int outside, bool all,
                                  std::uint16_t door) {
  return Collection(plan, policy, host, outside, all, door).Run();
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
    case Attempt::kOtherSocket:
      return "make a socket that is neither TCP nor UDP";
    case Attempt::kTcp:
      return "connect or bind a TCP socket of the host's network";
    case Attempt::kPastConnect:
      return "use the host's network without connect(2)";
    case Attempt::kDoor:
      return "connect to the proxy";
    case Attempt::kNamespace:
      return "make a user namespace";
    case Attempt::kCapability:
      return "use a capability";
    case Attempt::kPrivilege:
      return "get a privilege by exec";
    case Attempt::kReadOnlyMount:
      return "find " + path + " on a writable mount";
    case Attempt::kSignal:
      return "signal a process outside";
    case Attempt::kNothing:
      break;
  }
  return "";
}

std::string WhyUntold(const Witness& witness, int result) {
  if (witness.attempt == Attempt::kNothing) return witness.untried;
  switch (-result) {
    case -kNotTried:
      return "the start did not come that far";
    case ENOENT:
    case ENOTDIR:
      return "there is nothing of this name";
    case EEXIST:
      return "there is something of this name";
    case EOPNOTSUPP:
      return "its filesystem has no files without a name";
    default:
      return std::strerror(-result);
  }
}

}  // namespace ambit::run
