#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace ambit {

/// Overwrites the text, so that the memory no longer tells it, and empties it.
void Wipe(std::string& text);
void Wipe(char* bytes, std::size_t size);

/// A text that is wiped when it goes. It is held in one place: moving it copies no byte.
class SecretText {
 public:
  SecretText() = default;
  explicit SecretText(std::string_view text);
  ~SecretText();
  SecretText(SecretText&& other) noexcept;
  SecretText& operator=(SecretText&& other) noexcept;
  SecretText(const SecretText&) = delete;
  SecretText& operator=(const SecretText&) = delete;

  [[nodiscard]] std::string_view view() const { return {bytes_.get(), size_}; }
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] bool empty() const { return size_ == 0; }

 private:
  std::unique_ptr<char[]> bytes_;
  std::size_t size_ = 0;
};

}  // namespace ambit
