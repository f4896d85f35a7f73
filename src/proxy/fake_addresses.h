#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/ip_address.h"
#include "base/text_hash.h"

namespace ambit::proxy {

/// Addresses that stand for names inside the sandbox: out of 198.18.0.0/15, which is for tests of
/// networks (RFC 2544) and leads nowhere. A name keeps its address until `most` others have come.
class FakeAddresses {
 public:
  explicit FakeAddresses(std::uint32_t most = 1U << 16) : most_(most) {}

  /// The address of `name`, a new one if need be.
  IpAddress AddressOf(const std::string& name);
  /// The name an address stands for, or null.
  [[nodiscard]] const std::string* NameOf(const IpAddress& address) const;
  static bool IsFake(const IpAddress& address);

 private:
  std::uint32_t most_;
  std::uint32_t next_ = 0;
  std::vector<std::string> names_;  ///< By number; the address is the first one plus one plus it.
  std::unordered_map<std::string, std::uint32_t, TextHash, std::equal_to<>> numbers_;
};

}  // namespace ambit::proxy
