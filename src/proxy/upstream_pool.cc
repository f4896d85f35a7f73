#include "proxy/upstream_pool.h"

#include <algorithm>
#include <utility>

namespace ambit::proxy {

UpstreamPool::UpstreamPool(Loop& loop, const Limits& limits)
    : loop_(loop),
      idle_us_(std::uint64_t{limits.upstream_idle_ms} * 1000),
      timer_(loop, [this] { DropOld(); }) {}

void UpstreamPool::Put(std::unique_ptr<Stream> stream) {
  stream->set_user(this);
  stream->idle_since = loop_.now();
  stream->used_before = true;
  if (idle_.size() == kMost) {
    loop_.Bury(std::move(idle_.front()));
    idle_.erase(idle_.begin());
  }
  idle_.push_back(std::move(stream));
  if (!timer_.is_set()) timer_.SetMs(idle_us_ / 1000);
}

std::unique_ptr<Stream> UpstreamPool::Take(const os::SocketAddress& address, std::string_view name,
                                           Reuse reuse) {
  if (reuse == Reuse::kNever) return nullptr;
  for (std::size_t i = idle_.size(); i-- > 0;) {
    if (!(idle_[i]->address == address) || idle_[i]->name != name) continue;
    std::unique_ptr<Stream> stream = std::move(idle_[i]);
    idle_.erase(idle_.begin() + static_cast<std::ptrdiff_t>(i));
    const bool quiet = reuse == Reuse::kAny && !stream->readable();
    if (quiet || stream->IsIdle()) return stream;
    loop_.Bury(std::move(stream));
  }
  return nullptr;
}

/// An idle connection that can be read has ended, or is not in step.
void UpstreamPool::OnStream(Stream& stream) {
  if (!stream.readable()) return;
  const auto found = std::ranges::find_if(idle_, [&](const auto& s) { return s.get() == &stream; });
  if (found == idle_.end() || os::IsIdle(stream.fd())) return;
  loop_.Bury(std::move(*found));
  idle_.erase(found);
}

void UpstreamPool::DropOld() {
  while (!idle_.empty() && loop_.now() - idle_.front()->idle_since >= idle_us_) {
    loop_.Bury(std::move(idle_.front()));
    idle_.erase(idle_.begin());
  }
  if (idle_.empty()) return;
  timer_.SetMs((idle_us_ - (loop_.now() - idle_.front()->idle_since)) / 1000 + 1);
}

}  // namespace ambit::proxy
