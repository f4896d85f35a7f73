#include "run/change_lock.h"

namespace ambit::run {

ChangeLock::Holder::Holder(ChangeLock& lock, Kind kind, std::chrono::milliseconds patience)
    : lock_(lock), kind_(kind) {
  if (kind == Kind::kNone) return;
  const auto end = std::chrono::steady_clock::now() + patience;
  const std::unique_lock entrance(lock.entrance_, end);
  has_it_ =
      entrance.owns_lock() && (kind == Kind::kAlone ? lock.inside_.try_lock_until(end)
                                                    : lock.inside_.try_lock_shared_until(end));
}

ChangeLock::Holder::~Holder() {
  if (kind_ == Kind::kNone || !has_it_) return;
  if (kind_ == Kind::kAlone) {
    lock_.inside_.unlock();
  } else {
    lock_.inside_.unlock_shared();
  }
}

}  // namespace ambit::run
