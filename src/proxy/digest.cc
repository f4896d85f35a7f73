#include "proxy/digest.h"

#include <openssl/hmac.h>

#include <cstdlib>

#include "base/ascii.h"

namespace ambit::proxy {

// Neither fails but for want of memory, where every allocation of ours ends the process as well.

Digest Sha256(std::string_view text) {
  Digest out{};
  unsigned size = 0;
  const bool made =
      EVP_Digest(text.data(), text.size(), out.data(), &size, EVP_sha256(), nullptr) == 1;
  if (!made || size != out.size()) std::abort();
  return out;
}

Digest HmacSha256(std::span<const unsigned char> key, std::string_view text) {
  Digest out{};
  unsigned size = 0;
  const auto* const bytes = reinterpret_cast<const unsigned char*>(text.data());
  const unsigned char* const made = ::HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
                                           bytes, text.size(), out.data(), &size);
  if (made == nullptr || size != out.size()) std::abort();
  return out;
}

std::string Hex(const Digest& digest) {
  std::string out;
  for (const unsigned char byte : digest) AppendHex(byte, out);
  return out;
}

}  // namespace ambit::proxy
