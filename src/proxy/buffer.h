#pragma once

#include <cstddef>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>

namespace ambit::proxy {

/// Bytes on their way: put in at the end, taken from the front. Grows as far as it is asked to and
/// keeps its memory, so that relaying allocates nothing.
class Buffer {
 public:
  static constexpr std::size_t kPiece = 16UL << 10;

  [[nodiscard]] std::string_view view() const { return {data_.get() + begin_, end_ - begin_}; }
  /// The same, to be changed in place.
  [[nodiscard]] std::span<char> bytes() { return {data_.get() + begin_, end_ - begin_}; }
  [[nodiscard]] std::size_t size() const { return end_ - begin_; }
  [[nodiscard]] bool empty() const { return begin_ == end_; }

  /// Makes room for `room` more bytes and returns where they go.
  char* Room(std::size_t room) {
    if (capacity_ - end_ >= room) return data_.get() + end_;
    const std::size_t held = size();
    if (capacity_ - held >= room) {
      std::memmove(data_.get(), data_.get() + begin_, held);
    } else {
      std::size_t capacity = capacity_ == 0 ? kPiece : capacity_;
      while (capacity - held < room) capacity *= 2;
      auto data = std::make_unique_for_overwrite<char[]>(capacity);
      if (held > 0) std::memcpy(data.get(), data_.get() + begin_, held);
      data_ = std::move(data);
      capacity_ = capacity;
    }
    begin_ = 0;
    end_ = held;
    return data_.get() + end_;
  }
  /// `size` bytes have been written to Room.
  void Added(std::size_t size) { end_ += size; }
  void Append(std::string_view text) {
    if (text.empty()) return;
    std::memcpy(Room(text.size()), text.data(), text.size());
    Added(text.size());
  }
  void Take(std::size_t size) {
    begin_ += size;
    if (begin_ == end_) begin_ = end_ = 0;
  }
  void Clear() { begin_ = end_ = 0; }

 private:
  std::unique_ptr<char[]> data_;
  std::size_t capacity_ = 0, begin_ = 0, end_ = 0;
};

}  // namespace ambit::proxy
