#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "policy/policy.h"

namespace ambit::run {

/// Another name under which a tree is seen, because its filesystem is mounted twice.
struct SeenAs {
  std::string path;  ///< Where it is seen.
  std::string real;  ///< Where the rules know it.
};

/// What has to be decided call by call while the command runs.
struct Mediation {
  bool needed = false;
  /// Every call that opens a file is decided, not only those that change something.
  bool opens = false;
  /// Natively nothing below these directories can be changed: the broker does it, or nobody.
  std::vector<std::string> below;
  std::vector<SeenAs> aliases;
  /// Interfaces of the kernel in unusual places, closed whatever the policy says.
  std::vector<std::string> closed;
};

/// Asks policy::Decide for the broker: about canonical paths as the kernel tells them. Nothing
/// allocates. Both arguments of the constructor are borrowed.
class Gate {
 public:
  Gate(const policy::Policy& policy, const Mediation& mediation);

  /// Holds the directories open that rules start from, so that the rules go along when somebody
  /// outside renames one or what it lies in. 0 or -errno.
  int HoldAnchors();

  /// The decision for the place `path`, under the name where the rules are strictest. What is not a
  /// place in the file tree (a pipe, a socket, anonymous memory) is writable by whoever has it.
  policy::Decision At(std::string_view path);

  /// Whether what At() says is any access at all, for which less has to be looked at.
  bool MayBeSeen(std::string_view path);

  /// Whether nothing at or below `path` is closed, under whatever name it is seen.
  [[nodiscard]] bool IsOpenBelow(std::string_view path) const;

  /// The pattern that closes the name `path`, wherever it may lead; null when there is none.
  const policy::PatternRule* PatternAt(std::string_view path) const;

  /// Whether changes at `path` are ours to carry out.
  [[nodiscard]] bool IsMediated(std::string_view path) const;

  /// The rule that something at or below the directory `path` stays as it is, for which the
  /// directory must be neither moved nor removed; null when there is none.
  const policy::PathRule* RuleBelow(std::string_view path) const;
  /// Whether something below the directory `path` is closed that no rule speaks of.
  [[nodiscard]] bool IsClosedBelow(std::string_view path) const;
  /// The same for patterns that are anchored there.
  const policy::PatternRule* PatternAnchoredBelow(std::string_view path) const;

  [[nodiscard]] const policy::Policy& policy() const { return policy_; }

 private:
  struct Anchor {
    int place = -1;         ///< For as long as the process lives.
    std::string_view path;  ///< Where the rules know it.
    bool closes = true;     ///< There may be something in it that the rules close.
  };
  enum class Question : std::uint8_t { kAccess, kAnyAccess };
  int Hold(const std::string& path);
  /// As above, for a rule that leaves no more than `most`.
  const policy::PathRule* RuleBelow(std::string_view path, policy::Access most) const;
  [[nodiscard]] bool MayClose(std::string_view path) const;
  policy::Decision Ask(std::string_view path, Question question);
  policy::Decision Strictest(std::string_view path, Question question);
  policy::Decision DecideAs(std::string_view path, std::string_view seen, std::string_view real);

  static constexpr std::size_t kMostAnchors = 256;
  static constexpr std::size_t kRoom = 8192;
  const policy::Policy& policy_;
  const Mediation& mediation_;
  Anchor anchors_[kMostAnchors];
  std::size_t anchor_count_ = 0;
  char renamed_[kRoom];
  char now_[kRoom];
};

/// Whether a file of anonymous memory, a pipe or the like has this as its path.
bool HasNoPlace(std::string_view path);

}  // namespace ambit::run
