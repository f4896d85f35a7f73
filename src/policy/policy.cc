#include "policy/policy.h"

#include <algorithm>

#include "base/path_text.h"

namespace ambit::policy {

std::string_view ToWord(Access access) {
  switch (access) {
    case Access::kRead:
      return "read";
    case Access::kWrite:
      return "write";
    case Access::kNone:
      break;
  }
  return "deny";
}

bool IsFloor(Origin origin) { return origin == Origin::kManaged || origin == Origin::kMatched; }

void Policy::Reindex() {
  std::ranges::sort(rules, {}, &PathRule::path);
  by_path.clear();
  by_path.reserve(rules.size());
  for (std::size_t i = 0; i < rules.size(); ++i) by_path.emplace(rules[i].path, i);

  floor_above.assign(rules.size(), kNoRule);
  for (std::size_t i = 0; i < rules.size(); ++i) {
    std::string_view path = rules[i].path;
    while (true) {
      const auto found = by_path.find(path);
      if (found != by_path.end() && IsFloor(rules[found->second].origin)) {
        floor_above[i] = found->second;
        break;
      }
      if (path == "/") break;
      path = ParentPath(path);
    }
  }
}

}  // namespace ambit::policy
