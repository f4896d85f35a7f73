// Whatever a pattern says: what is accepted reads the same again from its own spelling, and a deny
// with the same text covers at least what an allow covers.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "policy/host_pattern.h"

namespace {

using namespace ambit::policy;

void Require(bool holds) {
  if (!holds) std::abort();
}

void CheckAllow(std::string_view text) {
  const auto pattern = ParseHostPattern(text, true);
  if (!pattern) {
    Require(!pattern.error().message.empty());
    Require(pattern.error().message.find('\n') == std::string::npos);
    return;
  }
  const auto again = ParseHostPattern(pattern->Text(), true);
  Require(again && again->Text() == pattern->Text());
  // Whatever has the form of a host and is in the pattern's own text is covered by it.
  const bool literal = pattern->kind == PatternKind::kName && !pattern->has_wildcards;
  if (!literal) return;
  const auto self = ParseDestination(pattern->name, pattern->ports.low);
  Require(self && AllowCovers(*pattern, *self));
  const auto deny = ParseHostPattern(pattern->name, false);
  Require(deny && DenyCovers(*deny, *self));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const ambit::Result<Destination> kHosts[] = {
      ParseDestination("example.com", 443), ParseDestination("a.b.example.com", 80),
      ParseDestination("localhost", 8080),  ParseDestination("127.0.0.1", 80),
      ParseDestination("[2606::1]", 443),   ParseDestination("0x7f.1", 22)};
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  CheckAllow(text);
  const auto allow = ParseHostPattern(text, true);
  const auto deny = ParseHostPattern(text, false);
  for (const auto& host : kHosts) {
    if (allow && deny && AllowCovers(*allow, *host)) Require(DenyCovers(*deny, *host));
  }
  return 0;
}
