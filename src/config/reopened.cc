#include "config/reopened.h"

#include <map>
#include <optional>
#include <string>
#include <utility>

#include "base/path_text.h"

namespace ambit::config {
namespace {

bool IsDeny(const Node& node) {
  return node.Is(NodeKind::kString) && (node.text == "deny" || node.text == "none");
}

/// The denies of one key: of its plain value (empty subpath), or of its scoped table.
using Denies = std::map<std::optional<std::string>, SourceRef>;

/// The denies of one profile so far, by key.
using Standing = std::map<std::string, Denies>;

class Follower {
 public:
  Follower(const std::string& profile, Standing& standing, std::vector<Notice>& notices)
      : profile_(profile), standing_(standing), notices_(notices) {}

  void Follow(const Node& filesystem) {
    for (const Member& member : filesystem.members) {
      if (member.value.Is(NodeKind::kTable)) {
        FollowTable(member);
      } else {
        FollowWord(member);
      }
    }
  }

 private:
  void FollowWord(const Member& member) {
    Denies& denies = standing_[member.key];
    if (!IsDeny(member.value)) TellAll(member, denies);
    denies.clear();
    if (IsDeny(member.value)) denies[std::nullopt] = member.key_place.Ref();
  }

  void FollowTable(const Member& member) {
    Denies& denies = standing_[member.key];
    if (const auto plain = denies.extract(std::nullopt)) {
      Tell(member.key, std::nullopt, plain.mapped(), member.key_place.Ref());
    }
    for (const Member& sub : member.value.members) {
      const auto lower = denies.extract(sub.key);
      if (IsDeny(sub.value)) {
        denies[sub.key] = sub.key_place.Ref();
      } else if (lower) {
        Tell(member.key, sub.key, lower.mapped(), sub.key_place.Ref());
      }
    }
  }

  void TellAll(const Member& member, const Denies& denies) {
    for (const auto& [sub, place] : denies) Tell(member.key, sub, place, member.key_place.Ref());
  }

  void Tell(const std::string& key, const std::optional<std::string>& sub, const SourceRef& deny,
            const SourceRef& here) {
    const std::string name = "'" + Printable(key) + "'" +
                             (sub ? " with '" + Printable(*sub) + "'" : std::string()) +
                             " = \"deny\"";
    notices_.push_back({name + " of profile '" + Printable(profile_) + "' (" + ToString(deny) +
                            ") no longer holds: this line of a higher layer replaces it; remove "
                            "one of the two",
                        here});
  }

  const std::string& profile_;
  Standing& standing_;
  std::vector<Notice>& notices_;
};

}  // namespace

void NoticeReopened(const std::vector<Layer>& layers, std::vector<Notice>& notices) {
  std::map<std::string, Standing> standing;
  for (const Layer& layer : layers) {
    const Node* const profiles = layer.root.Find("permissions");
    if (!profiles) continue;
    for (const Member& profile : profiles->members) {
      const Node* const filesystem = profile.value.Find("filesystem");
      if (!filesystem) continue;
      Follower(profile.key, standing[profile.key], notices).Follow(*filesystem);
    }
  }
}

}  // namespace ambit::config
