#pragma once

#include <cstddef>

namespace ambit::proxy {

/// How many bytes all connections of one proxy may hold together of request bodies that are needed
/// as a whole before they are sent on.
class BodyBudget {
 public:
  explicit BodyBudget(std::size_t most) : left_(most) {}
  BodyBudget(const BodyBudget&) = delete;
  BodyBudget& operator=(const BodyBudget&) = delete;

  [[nodiscard]] std::size_t left() const { return left_; }

 private:
  friend class BodyShare;
  std::size_t left_;
};

/// What one connection has of it; given back when the share goes. The budget outlives it.
class BodyShare {
 public:
  explicit BodyShare(BodyBudget& budget) : budget_(budget) {}
  BodyShare(const BodyShare&) = delete;
  BodyShare& operator=(const BodyShare&) = delete;
  ~BodyShare() { Drop(); }

  /// Takes what is missing to `size`, or gives back what is more. False: so much is not left, and
  /// nothing has changed.
  [[nodiscard]] bool Resize(std::size_t size) {
    if (size > size_ && size - size_ > budget_.left_) return false;
    budget_.left_ = budget_.left_ + size_ - size;
    size_ = size;
    return true;
  }
  void Drop() {
    budget_.left_ += size_;
    size_ = 0;
  }
  [[nodiscard]] bool empty() const { return size_ == 0; }

 private:
  BodyBudget& budget_;
  std::size_t size_ = 0;
};

}  // namespace ambit::proxy
