#pragma once

#include <set>
#include <string>
#include <tuple>
#include <unordered_set>
#include <vector>

#include "base/file_view.h"
#include "base/result.h"
#include "os/walk.h"
#include "policy/policy.h"

namespace ambit::run {

/// The search for what patterns match behind links: a file that a link to its directory gives a
/// matching name is closed at the place where it lies. Every directory is searched once for each
/// way in which a pattern can have come there, so links in circles end, and a link to what the
/// search without links covers costs nothing.
class LinkedDirectories {
 public:
  /// `base` is where the search without links starts, `rules` the patterns that start there.
  /// Nothing at or below a path of `skip` is searched; all are borrowed.
  LinkedDirectories(const policy::Policy& policy, const std::string& base,
                    const std::vector<policy::PatternRule*>& rules,
                    const std::vector<std::string>& skip, const FileView& disk);

  /// Something that a pattern matches by a name through links.
  struct Found {
    os::WalkMatch match;  ///< Where it lies; `pattern` counts the rules.
    std::string name;     ///< The name that matches, below the base.
  };

  /// Follows the link `way`, which the search without links reported, and all links behind it.
  Result<std::vector<Found>> Search(const std::string& way);

 private:
  struct Way {
    std::string link;  ///< Where the link lies.
    std::string name;  ///< What the patterns call it.
  };

  Result<> Follow(const Way& way, std::vector<Way>& ways, std::vector<Found>& found);
  [[nodiscard]] bool IsVisible(const std::string& path) const;
  bool IsNew(std::size_t rule, const std::string& directory, const std::string& name);

  const policy::Policy& policy_;
  const std::string& base_;
  const std::vector<policy::PatternRule*>& rules_;
  const std::vector<std::string>& skip_;
  const FileView& disk_;
  std::unordered_set<std::string> on_the_way_;  ///< Directories with something granted below.
  std::set<std::tuple<std::size_t, std::string, std::vector<std::uint64_t>>> searched_;
};

}  // namespace ambit::run
