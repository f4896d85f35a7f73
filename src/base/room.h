#pragma once

#include <cstddef>
#include <memory>
#include <new>
#include <utility>

namespace ambit {

/// Space for `kMost` objects that are made one by one. None is there before it is made, so a large
/// room takes no memory before it is used. What was made and not ended is never destroyed.
template <class T, std::size_t kMost>
class Room {
 public:
  T& operator[](std::size_t i) { return *std::launder(Place(i)); }

  template <class... Arguments>
  T& Make(std::size_t i, Arguments&&... arguments) {
    return *std::construct_at(Place(i), std::forward<Arguments>(arguments)...);
  }

  void End(std::size_t i) { std::destroy_at(&(*this)[i]); }

 private:
  T* Place(std::size_t i) { return reinterpret_cast<T*>(bytes_ + i * sizeof(T)); }

  alignas(T) std::byte bytes_[kMost * sizeof(T)];
};

}  // namespace ambit
