#include <unordered_map>

#include "base/path_text.h"
#include "plan/op.h"

namespace ambit::plan {
namespace {

/// Answers Lookup in time that depends on the depth of the path, not on the length of the plan.
class CoverageIndex {
 public:
  explicit CoverageIndex(const Plan& plan) {
    for (const Op& op : plan.ops) {
      ++position_;
      std::visit([this](const auto& one) { Add(one); }, op);
    }
  }

  [[nodiscard]] Outcome Of(std::string_view path) const {
    for (const HideMatches* op : matches_) {
      if (IsMatched(*op, path)) return Outcome::kHidden;
    }
    Entry last;
    for (std::string_view at = path;; at = ParentPath(at)) {
      if (const auto found = last_at_.find(at);
          found != last_at_.end() && found->second.position >= last.position) {
        last = found->second;
      }
      if (at == "/") return last.outcome;
    }
  }

 private:
  struct Entry {
    std::size_t position = 0;
    Outcome outcome = Outcome::kHidden;
  };

  void Cover(std::string_view path, Outcome outcome) { last_at_[path] = {position_, outcome}; }

  void Add(const StartFrom& op) {
    switch (op.view) {
      case View::kEmpty:
        return Cover("/", Outcome::kHidden);
      case View::kReadOnly:
        return Cover("/", Outcome::kReadOnly);
      case View::kWritable:
        return Cover("/", Outcome::kWritable);
    }
  }
  void Add(const FreshProc&) { Cover("/proc", Outcome::kReadOnly); }
  void Add(const PrivateDev&) { Cover("/dev", Outcome::kReadOnly); }
  void Add(const ScopedProcesses&) { Cover("/proc", Outcome::kReadOnly); }
  void Add(const ScopedDevices&) { Cover("/dev", Outcome::kReadOnly); }
  void Add(const Expose& op) {
    Cover(op.path, op.writable ? Outcome::kWritable : Outcome::kReadOnly);
  }
  void Add(const Hide& op) { Cover(op.path, Outcome::kHidden); }
  void Add(const HideMatches& op) { matches_.push_back(&op); }
  void Add(const Pin&) {}
  void Add(const MakeLink&) {}
  void Add(const Forbid& op) { Cover(op.path, op.hidden ? Outcome::kHidden : Outcome::kReadOnly); }
  void Add(const Mediate&) {}
  void Add(const NoNetwork&) {}
  void Add(const Sockets&) {}
  void Add(const ProxiedNetwork&) {}
  void Add(const DropPrivileges&) {}
  void Add(const Limit&) {}
  void Add(const StartIn&) {}

  /// Whether the path itself, or a directory on the way to it, matches.
  static bool IsMatched(const HideMatches& op, std::string_view path) {
    if (!IsAtOrBelow(path, op.base)) return false;
    const std::string_view rest = RelativeTo(path, op.base);
    if (rest.empty()) return false;
    for (std::size_t end = rest.find('/');; end = rest.find('/', end + 1)) {
      if (op.glob.Matches(rest.substr(0, end), op.max_depth)) return true;
      if (end == std::string_view::npos) return false;
    }
  }

  std::size_t position_ = 0;
  std::unordered_map<std::string_view, Entry> last_at_;
  std::vector<const HideMatches*> matches_;
};

std::string_view ToWord(Outcome outcome) {
  switch (outcome) {
    case Outcome::kHidden:
      return "hidden";
    case Outcome::kReadOnly:
      return "read-only";
    case Outcome::kWritable:
      return "writable";
  }
  return "hidden";
}

}  // namespace

Outcome Lookup(const Plan& plan, std::string_view path) { return CoverageIndex(plan).Of(path); }

Result<> Check(const Plan& plan, const std::vector<Claim>& claims) {
  const CoverageIndex index(plan);
  for (const Claim& claim : claims) {
    const Outcome got = index.Of(claim.path);
    if (got > claim.at_most) {
      return Fail(ErrorCode::kUnsupported,
                  "'" + Printable(claim.path) + "' has to be " +
                      std::string(ToWord(claim.at_most)) + " but the plan leaves it " +
                      std::string(ToWord(got)) +
                      "; nothing was run; please report this together with the output of "
                      "'ambit plan'",
                  claim.from);
    }
  }
  return {};
}

Result<> CheckNetwork(const Plan& plan, bool proxied) {
  std::size_t none = 0;
  std::size_t through_proxy = 0;
  for (const Op& op : plan.ops) {
    if (std::holds_alternative<NoNetwork>(op)) ++none;
    if (std::holds_alternative<ProxiedNetwork>(op)) ++through_proxy;
  }
  if (none + through_proxy == 1 && (proxied || through_proxy == 0)) return {};
  return Fail(ErrorCode::kUnsupported,
              "the plan has to say once what network there is, and no more than the profile does; "
              "nothing was run; please report this together with the output of 'ambit plan'");
}

}  // namespace ambit::plan
