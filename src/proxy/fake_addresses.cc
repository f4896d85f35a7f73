#include "proxy/fake_addresses.h"

namespace ambit::proxy {
namespace {

constexpr std::uint32_t kFirst = 198U << 24 | 18U << 16;
constexpr std::uint32_t kMask = 0xfffe0000;

}  // namespace

bool FakeAddresses::IsFake(const IpAddress& address) {
  return address.is_v4() && (address.v4() & kMask) == kFirst;
}

IpAddress FakeAddresses::AddressOf(const std::string& name) {
  if (const auto found = numbers_.find(name); found != numbers_.end()) {
    return IpAddress::V4(kFirst + 1 + found->second);
  }
  const std::uint32_t number = next_;
  next_ = (next_ + 1) % most_;
  if (number < names_.size()) {
    numbers_.erase(names_[number]);
    names_[number] = name;
  } else {
    names_.push_back(name);
  }
  numbers_[name] = number;
  return IpAddress::V4(kFirst + 1 + number);
}

const std::string* FakeAddresses::NameOf(const IpAddress& address) const {
  if (!IsFake(address)) return nullptr;
  const std::uint32_t number = address.v4() - kFirst - 1;
  return number < names_.size() ? &names_[number] : nullptr;
}

}  // namespace ambit::proxy
