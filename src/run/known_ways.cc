#include "run/known_ways.h"

#include <algorithm>
#include <functional>

namespace ambit::run {

std::size_t KnownWays::SlotOf(std::string_view path) {
  return std::hash<std::string_view>{}(path) % kWays;
}

bool KnownWays::Contains(std::string_view path, std::string_view found) const {
  const std::size_t slot = SlotOf(path);
  const Way& way = ways_[slot];
  return filled_[slot] && std::string_view(way.text, way.path) == path &&
         std::string_view(way.text + way.path, way.found) == found;
}

void KnownWays::Add(std::string_view path, std::string_view found) {
  if (path.size() + found.size() > kRoom) return;
  const std::size_t slot = SlotOf(path);
  filled_[slot] = true;
  Way& way = ways_[slot];
  way.path = path.size();
  way.found = found.size();
  std::ranges::copy(found, std::ranges::copy(path, way.text).out);
}

}  // namespace ambit::run
