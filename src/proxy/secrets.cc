#include "proxy/secrets.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <utility>

namespace ambit::proxy {
namespace {

constexpr std::string_view kMark = "masked";

/// Beginnings that tell what a token is for and are the same in everybody's; longer ones first.
constexpr std::string_view kPrefixes[] = {
    "github_pat_", "sk-svcacct-", "sk-proj-", "sk-ant-", "glpat-", "xoxb-",
    "xoxp-",       "pypi-",       "ghp_",     "gho_",    "ghu_",   "ghs_",
    "ghr_",        "npm_",        "AKIA",     "ASIA",    "sk-",    "hf_"};

std::string_view KnownPrefix(std::string_view real) {
  const auto* const found = std::ranges::find_if(
      kPrefixes, [real](std::string_view prefix) { return real.starts_with(prefix); });
  return found == std::end(kPrefixes) ? "" : *found;
}

std::optional<std::string_view> TakeText(std::string_view& rest) {
  std::uint32_t size = 0;
  if (rest.size() < sizeof size) return std::nullopt;
  std::memcpy(&size, rest.data(), sizeof size);
  rest.remove_prefix(sizeof size);
  if (rest.size() < size) return std::nullopt;
  const std::string_view out = rest.substr(0, size);
  rest.remove_prefix(size);
  return out;
}

}  // namespace

std::string DummyFor(std::string_view real, std::string_view random) {
  if (real.size() < kLeastMasked) return std::string(real.size(), 'x');
  std::string out(KnownPrefix(real));
  if (out.size() + kMark.size() > real.size()) out.clear();
  out += kMark;
  out += random.substr(0, real.size() - out.size());
  return out;
}

SecretText Pack(const Secrets& secrets) {
  std::size_t size = 0;
  for (const Secret& secret : secrets) {
    size += 2 * sizeof(std::uint32_t) + secret.real.size() + secret.dummy.size();
  }
  std::string out;
  out.reserve(size);  // no copy is left behind while it grows
  const auto add = [&out](std::string_view text) {
    const auto length = static_cast<std::uint32_t>(text.size());
    char bytes[sizeof length];
    std::memcpy(bytes, &length, sizeof length);
    out.append(bytes, sizeof bytes).append(text);
  };
  for (const Secret& secret : secrets) {
    add(secret.real.view());
    add(secret.dummy);
  }
  SecretText packed(out);
  Wipe(out);
  return packed;
}

std::optional<Secrets> Unpack(std::string_view packed) {
  Secrets out;
  while (!packed.empty()) {
    const auto real = TakeText(packed);
    const auto dummy = real ? TakeText(packed) : std::nullopt;
    if (!dummy || dummy->size() != real->size()) return std::nullopt;
    out.push_back({SecretText(*real), std::string(*dummy)});
  }
  return out;
}

}  // namespace ambit::proxy
