#include "run/own_sockets.h"

#include <algorithm>
#include <utility>

#include "os/file_calls.h"

namespace ambit::run {

OwnSockets::One* OwnSockets::Room() {
  if (count_ < kMost) return &all_[count_++];
  for (One& one : all_) {
    os::OpenedFile file;
    if (os::Inspect(one.place.get(), file) < 0 || file.links == 0) return &one;
  }
  One* const oldest = &all_[next_];
  next_ = (next_ + 1) % kMost;
  return oldest;
}

void OwnSockets::Add(os::UniqueFd place) {
  os::OpenedFile file;
  if (os::Inspect(place.get(), file) < 0 || file.kind != os::OpenedFile::Kind::kSocket) return;
  One& one = *Room();
  one.dev = file.dev;
  one.ino = file.ino;
  one.place = std::move(place);
}

bool OwnSockets::Contains(std::uint64_t dev, std::uint64_t ino) const {
  return std::any_of(all_, all_ + count_,
                     [=](const One& one) { return one.dev == dev && one.ino == ino; });
}

}  // namespace ambit::run
