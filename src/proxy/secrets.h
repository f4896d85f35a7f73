#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/secret_text.h"

/// The secrets of a run (network.md 10 and 11). Only the proxy's process holds them while a command
/// runs; no record, message or error has any of them.
namespace ambit::proxy {

/// A secret, and what stands for it where it must not be seen: as long, so that lengths stay.
struct Secret {
  SecretText real;
  std::string dummy;
};

/// In the order of policy::HttpRules::secrets().
using Secrets = std::vector<Secret>;

/// A shorter one is too likely to be part of something else, and a dummy of it could not be told
/// from text.
inline constexpr std::size_t kLeastMasked = 16;
/// From this length on a secret is looked for in answers.
inline constexpr std::size_t kLeastSought = 8;

/// The dummy of a secret: its well-known prefix ("ghp_", …), "masked", and digits of `random`,
/// hexadecimal and at least as long as the secret. All 'x' where it is shorter than kLeastMasked.
std::string DummyFor(std::string_view real, std::string_view random);

/// All secrets as bytes for another process, and back; nothing for what Pack did not make.
SecretText Pack(const Secrets& secrets);
std::optional<Secrets> Unpack(std::string_view packed);

}  // namespace ambit::proxy
