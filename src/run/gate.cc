#include "run/gate.h"

#include <algorithm>
#include <cerrno>

#include "base/path_text.h"
#include "os/file_calls.h"
#include "os/mount_calls.h"

namespace ambit::run {
namespace {

constexpr std::string_view kRemoved = " (deleted)";

const policy::Decision& Stricter(const policy::Decision& a, const policy::Decision& b) {
  return b.access < a.access ? b : a;
}

bool IsBelow(std::string_view path, std::string_view base) {
  return path.size() > base.size() && IsAtOrBelow(path, base);
}

}  // namespace

bool HasNoPlace(std::string_view path) {
  return !path.starts_with('/') || (path.starts_with("/memfd:") && path.ends_with(kRemoved));
}

Gate::Gate(const policy::Policy& policy, const Mediation& mediation)
    : policy_(policy), mediation_(mediation) {}

policy::Decision Gate::At(std::string_view path) { return Ask(path, Question::kAccess); }

bool Gate::MayBeSeen(std::string_view path) {
  return Ask(path, Question::kAnyAccess).access != policy::Access::kNone;
}

policy::Decision Gate::Ask(std::string_view path, Question question) {
  if (HasNoPlace(path)) {
    policy::Decision open;
    open.access = policy::Access::kWrite;
    return open;
  }
  policy::Decision out = Strictest(path, question);
  // The kernel says so of a file that was removed while it was open; a file may also be called so.
  if (path.ends_with(kRemoved)) {
    path.remove_suffix(kRemoved.size());
    out = Stricter(out, Strictest(path, question));
  }
  return out;
}

int Gate::Hold(const std::string& path) {
  const auto end = anchors_ + anchor_count_;
  if (std::any_of(anchors_, end, [&path](const Anchor& one) { return one.path == path; })) return 0;
  const int place = os::OpenDirectoryPath(os::kCwd, path.c_str());
  if (place < 0) return 0;  // what is not there cannot be moved
  if (anchor_count_ == kMostAnchors) return -E2BIG;
  anchors_[anchor_count_++] = {place, path, MayClose(path)};
  return 0;
}

/// Whether anything at or below `path` may be closed to reading.
bool Gate::MayClose(std::string_view path) const {
  if (path == "/" || policy::Decide(policy_, path).access == policy::Access::kNone) return true;
  return RuleBelow(path, policy::Access::kNone) != nullptr || IsClosedBelow(path) ||
         std::ranges::any_of(policy_.patterns, [path](const policy::PatternRule& rule) {
           return IsAtOrBelow(rule.base, path) || IsAtOrBelow(path, rule.base);
         });
}

bool Gate::IsOpenBelow(std::string_view path) const {
  const auto touches = [path](std::string_view other) {
    return IsAtOrBelow(other, path) || IsAtOrBelow(path, other);
  };
  return !MayClose(path) && std::ranges::none_of(mediation_.closed, touches) &&
         std::ranges::none_of(mediation_.aliases, touches, &SeenAs::path);
}

int Gate::HoldAnchors() {
  for (const policy::PatternRule& rule : policy_.patterns) {
    if (const int r = Hold(rule.base); r < 0) return r;
  }
  for (const std::string& root : mediation_.below) {
    if (const int r = Hold(root); r < 0) return r;
  }
  return 0;
}

/// The decision for `path`, at or below `seen`, as if that were called `real`.
policy::Decision Gate::DecideAs(std::string_view path, std::string_view seen,
                                std::string_view real) {
  const std::string_view rest = RelativeTo(path, seen);
  if (real.size() + 1 + rest.size() > sizeof renamed_) return {};
  char* at = std::ranges::copy(real, renamed_).out;
  if (!rest.empty() && real != "/") *at++ = '/';
  at = std::ranges::copy(rest, at).out;
  return policy::Decide(policy_, {renamed_, at});
}

policy::Decision Gate::Strictest(std::string_view path, Question question) {
  for (const std::string& closed : mediation_.closed) {
    if (IsAtOrBelow(path, closed)) return {};
  }
  policy::Decision out = policy::Decide(policy_, path);
  for (const SeenAs& alias : mediation_.aliases) {
    if (IsAtOrBelow(path, alias.path)) out = Stricter(out, DecideAs(path, alias.path, alias.real));
  }
  // Nobody moves a workspace among the system's programs, which are most of what is opened.
  if (IsAtOrBelow(path, "/usr")) return out;
  for (std::size_t i = 0; i < anchor_count_; ++i) {
    const Anchor& anchor = anchors_[i];
    if (IsAtOrBelow(path, anchor.path)) continue;
    if (question == Question::kAnyAccess && !anchor.closes) continue;
    const int length = os::PathOf(anchor.place, now_, sizeof now_);
    if (length < 0) return {};
    const std::string_view now(now_, static_cast<std::size_t>(length));
    if (IsAtOrBelow(path, now)) out = Stricter(out, DecideAs(path, now, anchor.path));
  }
  return out;
}

const policy::PatternRule* Gate::PatternAt(std::string_view path) const {
  return policy::Decide(policy_, path).pattern;
}

bool Gate::IsMediated(std::string_view path) const {
  if (HasNoPlace(path) || IsAtOrBelow(path, "/proc") || IsAtOrBelow(path, "/dev")) return false;
  return std::ranges::any_of(mediation_.below,
                             [path](const std::string& root) { return IsAtOrBelow(path, root); });
}

const policy::PathRule* Gate::RuleBelow(std::string_view path) const {
  return RuleBelow(path, policy::Access::kRead);
}

const policy::PathRule* Gate::RuleBelow(std::string_view path, policy::Access most) const {
  // The rules are sorted by path, and '/' is not the smallest character a name may hold: what lies
  // below "/a" is one run that begins at "/a/", after "/a!" and the like.
  const auto before = [path](const policy::PathRule& rule) {
    const std::string_view name = rule.path;
    const int order = name.substr(0, path.size()).compare(path);
    if (order != 0) return order < 0;
    return name.size() == path.size() || static_cast<unsigned char>(name[path.size()]) < '/';
  };
  if (path == "/") return nullptr;  // nobody moves the root
  auto at = std::ranges::partition_point(policy_.rules, before);
  for (; at != policy_.rules.end() && IsBelow(at->path, path); ++at) {
    if (at->access <= most) return &*at;
  }
  return nullptr;
}

bool Gate::IsClosedBelow(std::string_view path) const {
  return std::ranges::any_of(mediation_.closed,
                             [path](const std::string& closed) { return IsBelow(closed, path); });
}

const policy::PatternRule* Gate::PatternAnchoredBelow(std::string_view path) const {
  const auto found = std::ranges::find_if(
      policy_.patterns,
      [path](const policy::PatternRule& rule) { return IsAtOrBelow(rule.base, path); });
  return found == policy_.patterns.end() ? nullptr : &*found;
}

}  // namespace ambit::run
