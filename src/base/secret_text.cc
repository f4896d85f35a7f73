#include "base/secret_text.h"

#include <string.h>

#include <algorithm>
#include <utility>

namespace ambit {

void Wipe(char* bytes, std::size_t size) {
  if (size > 0) ::explicit_bzero(bytes, size);
}

void Wipe(std::string& text) {
  // What was cut off before is still behind the end.
  text.resize(text.capacity());
  Wipe(text.data(), text.size());
  text.clear();
}

SecretText::SecretText(std::string_view text)
    : bytes_(std::make_unique_for_overwrite<char[]>(text.size())), size_(text.size()) {
  std::ranges::copy(text, bytes_.get());
}

SecretText::~SecretText() { Wipe(bytes_.get(), size_); }

SecretText::SecretText(SecretText&& other) noexcept
    : bytes_(std::move(other.bytes_)), size_(std::exchange(other.size_, 0)) {}

SecretText& SecretText::operator=(SecretText&& other) noexcept {
  if (this == &other) return *this;
  Wipe(bytes_.get(), size_);
  bytes_ = std::move(other.bytes_);
  size_ = std::exchange(other.size_, 0);
  return *this;
}

}  // namespace ambit
