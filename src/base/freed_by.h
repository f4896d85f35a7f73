#pragma once

namespace ambit {

/// For std::unique_ptr: what owns an object of a C library, freed by the library's function `Free`.
template <auto Free>
struct FreedBy {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};

}  // namespace ambit
